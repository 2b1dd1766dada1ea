/** The users of the source, a portion at a time. */
import { accountUser, accountUsersSql, type AccountUser, type SourceShape } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { BEGINNING } from "@nexus/shared/ledger";

/** Users in memory at a time: with addresses of usual length, 2 MB. */
const PORTION = 5_000;

/** In the order of their keys. */
export async function* readUsers(
  source: Queryable,
  shape: SourceShape,
): AsyncGenerator<readonly AccountUser[], void> {
  const sql = accountUsersSql(shape);
  let after: number | string = BEGINNING;
  for (;;) {
    const users = await readPortion(source, sql, after);
    const last = users.at(-1);
    if (last === undefined) return;
    yield users;
    after = last.id;
  }
}

async function readPortion(
  source: Queryable,
  sql: string,
  after: number | string,
): Promise<readonly AccountUser[]> {
  const { rows } = await source.query<Record<string, unknown>>(sql, [after, PORTION]);
  return rows.map(accountUser);
}
