/** What a session on the target begins with before twins can run in it, and what it remembers from range to range. */
import { type Codes, type Entity, entities, type SourceShape } from "@nexus/catalog";
import { ConfigurationError } from "@nexus/shared/config";
import type { Client, Queryable } from "@nexus/shared/database";
import type { Keys } from "./ranges.ts";
import { twinWords } from "./twin-files.ts";

/** A connection of ours, and the session of the server that answered by it. */
export interface Session {
  readonly client: Client;
  readonly pid: number | undefined;
}

/** A pooler gave what is one connection to us to another session of the server. */
class SessionLent extends ConfigurationError {
  override readonly name = ConfigurationError.name;
  readonly code = "session_lent";
}

/** The connection broke between two ranges, and what the session remembered is gone. */
class SessionLost extends Error {
  override readonly name = "SessionLost";
  readonly code = "08003";
}

/** Throws where this is not the session that was begun: what it has to remember is not there. */
export async function requireSession(client: Client, begun: Session): Promise<void> {
  if (client !== begun.client) throw new SessionLost("the session of the proof was lost");
  if ((await pidOf(client)) === begun.pid) return;
  throw new SessionLent(
    "TARGET_URL leads through a pooler in transaction mode: a proof needs a session: use the direct address or the pooler's session mode",
  );
}

async function pidOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid;
}

/** Makes the functions, the codes, the columns of the source, and an empty `known_<entity>` for each parent. */
export async function beginSession(
  target: Client,
  codes: Codes,
  shape: SourceShape,
): Promise<Session> {
  await target.query("discard temp");
  await target.query(twinWords());
  await target.query(`
    create temp table codes (map text, code text, label text);
    create temp table source_columns (table_name text, column_name text, type text);
    ${parentsOf().map(knownSql).join("; ")}`);
  const rows = codeRows(codes);
  await target.query(
    "insert into codes select * from unnest($1::text[], $2::text[], $3::text[])",
    [0, 1, 2].map((field) => rows.map((row) => row[field])),
  );
  await target.query(
    "insert into source_columns select * from unnest($1::text[], $2::text[], $3::text[])",
    [
      shape.columns.map(({ table }) => table),
      shape.columns.map(({ column }) => column),
      shape.columns.map(({ type }) => type.toLowerCase()),
    ],
  );
  return { client: target, pid: await pidOf(target) };
}

/** Entities that others refer to. */
function parentsOf(): string[] {
  return [...new Set(entities.flatMap(({ parents }) => Object.keys(parents)))];
}

function knownSql(parent: string): string {
  return `create temp table known_${parent} (source_key bigint primary key, legacy_key bigint, practice bigint, role text, since bigint)`;
}

/** Each code with its label; the label of what is unknown has no code. */
function codeRows(codes: Codes): (string | null)[][] {
  return Object.entries(codes.maps).flatMap(([map, { known, default: fallback }]) => [
    [map, null, fallback],
    ...Array.from(known, ([code, label]) => [map, code, label]),
  ]);
}

/** Puts what is expected of the range, and whether it is expected to be loaded, into `known_<entity>`, in place of what was there. Does nothing for what is no parent. */
export async function keepKnown(target: Queryable, entity: Entity, keys: Keys): Promise<void> {
  if (!parentsOf().includes(entity.name)) return;
  const known = `known_${entity.name}`;
  const column = (name: string, type: string) =>
    name in entity.target.columns
      ? `case when outcome = 'loaded' then ${name} end`
      : `null::${type}`;
  if ("from" in keys)
    await target.query(`delete from ${known} where source_key between $1::bigint and $2::bigint`, [
      keys.from,
      keys.to,
    ]);
  else await target.query(`delete from ${known} where source_key = any($1::bigint[])`, [keys]);
  await target.query(
    `insert into ${known} select source_key, case when outcome = 'loaded' then legacy_key end,
       ${column("practice_id", "bigint")}, ${column("role", "text")}, since from expected`,
  );
}
