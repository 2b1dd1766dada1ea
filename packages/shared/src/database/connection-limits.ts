/** How many connections a server has for us, by its own limits, and by what others use at the moment. PostgreSQL 9.5 syntax. */
import type { Queryable } from "./pool.ts";

interface Limits {
  /** -1: none of its own. */
  readonly role: number;
  readonly database: number;
  readonly server: number;
  /** Connections of others: of this role, to this database, to the server. */
  readonly byRole: number;
  readonly byDatabase: number;
  readonly byServer: number;
  /** The first two bind nobody who is one. */
  readonly superuser: boolean;
}

/** The tightest limit, and what it leaves for us. */
export interface Room {
  /** Completes: "the limit of …". */
  readonly of: string;
  readonly limit: number;
  readonly left: number;
}

/** What is left for sessions of ours, ours that are open already included. */
export async function roomForUs(db: Queryable): Promise<Room> {
  const { rows } = await db.query<Limits>(
    `select r.rolconnlimit as role, d.datconnlimit as database, r.rolsuper as superuser,
       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
         - coalesce((select setting::integer from pg_settings where name = 'reserved_connections'), 0) as server,
       (select count(*) from pg_stat_activity where usename = session_user and ${OTHERS})::integer as "byRole",
       (select count(*) from pg_stat_activity where datname = current_database() and ${OTHERS})::integer as "byDatabase",
       (select count(*) from pg_stat_activity where datname is not null and ${OTHERS})::integer as "byServer"
     from pg_roles r, pg_database d where r.rolname = session_user and d.datname = current_database()`,
  );
  const found = rows[0];
  if (found === undefined) return { of: "the server", limit: Infinity, left: Infinity };
  return [
    ...own(found),
    {
      of: "the server (max_connections)",
      limit: found.server,
      left: found.server - found.byServer,
    },
  ].reduce((tightest, one) => (one.left < tightest.left ? one : tightest));
}

const OTHERS = "coalesce(application_name, '') not like 'nexus-%'";

function own({ role, database, superuser, byRole, byDatabase }: Limits): Room[] {
  if (superuser) return [];
  return [
    { of: "the role", limit: role, left: role - byRole },
    { of: "the database", limit: database, left: database - byDatabase },
  ].filter(({ limit }) => limit >= 0);
}

/** A sentence where there are fewer connections for us than `needed`; none where there are enough. `variable`: what says how many. */
export async function connectionNotes(
  db: Queryable,
  needed: number,
  variable: string,
): Promise<string[]> {
  const { of, limit, left } = await roomForUs(db);
  if (left >= needed) return [];
  return [
    `the limit of ${of} is ${limit} connections, which leaves ${Math.max(0, left)} for us, and one of each service opens up to ${needed}, a proof among them: ` +
      `they wait for each other, and a run is slow; raise the limit, or lower ${variable} and the replicas`,
  ];
}
