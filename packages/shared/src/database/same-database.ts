/** Whether what should only be read is also written to: a source that shares its database with the target, or with the queue. */
import { withPool } from "./pool.ts";

interface Places {
  readonly LEGACY_URL?: string | undefined;
  readonly TARGET_URL?: string | undefined;
  readonly QUEUE_URL?: string | undefined;
}

export interface SharedDatabase {
  readonly code: "source_is_target";
  readonly says: string;
}

/** A word for each of them, by what the servers say, as a database has many names. It may be meant so. Who does not answer is passed over. */
export async function sharedDatabases(places: Places): Promise<readonly SharedDatabase[]> {
  const { LEGACY_URL, TARGET_URL, QUEUE_URL } = places;
  const queueUrl = /^postgres/i.test(QUEUE_URL ?? "") ? QUEUE_URL : undefined;
  if (LEGACY_URL === undefined || (TARGET_URL ?? queueUrl) === undefined) return [];
  const [source, target, queue] = await Promise.all(
    [LEGACY_URL, TARGET_URL, queueUrl].map(identityAt),
  );
  if (source === undefined) return [];
  const found: SharedDatabase[] = [];
  const say = (says: string): void => void found.push({ code: "source_is_target", says });
  if (source === target)
    say(
      "TARGET_URL leads to the database of LEGACY_URL: `nexus migrate` makes tables, types, functions and the schema migration beside the source's",
    );
  if (source === queue)
    say("QUEUE_URL leads to the database of LEGACY_URL: the queue makes its tables there");
  return found;
}

/** Of no other database: when its server started, to the microsecond, and its number there. PostgreSQL 9.5 syntax. */
async function identityAt(url: string | undefined): Promise<string | undefined> {
  if (url === undefined) return undefined;
  try {
    return await withPool({ url, max: 1, name: "nexus-preflight" }, async (pool) => {
      const { rows } = await pool.query<{ identity: string }>(
        `select to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || ' ' || oid as identity
           from pg_database where datname = current_database()`,
      );
      return rows[0]?.identity;
    });
  } catch {
    return undefined;
  }
}
