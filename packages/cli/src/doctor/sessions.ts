import type { Queryable } from "@nexus/shared/database";

interface Sessions {
  readonly extractors: number;
  readonly embedders: number;
  /** Whether sessions tell whose they are. PGlite shows one session only, and behind some poolers none has the name that it gave itself. */
  readonly telling: boolean;
}

/** Whose sessions the target has: a service asks it twice a second at least, so a session of it is there. */
export async function sessionsOf(tx: Queryable): Promise<Sessions> {
  const { rows } = await tx.query<Sessions>(
    `select count(*) filter (where application_name = 'nexus-extractor') as extractors,
       count(*) filter (where application_name = 'nexus-embedder') as embedders,
       version() not like '%PGlite%' and coalesce(bool_or(pid = pg_backend_pid() and application_name = 'nexus-doctor'), false) as telling
     from pg_stat_activity where datname = current_database()`,
  );
  return rows[0] ?? { extractors: 0, embedders: 0, telling: false };
}
