/** Batches that end their loaders: how large they are, and their end. */
import type { Queryable } from "../database/pool.ts";
import { MAX_ATTEMPTS } from "./batches.ts";

/** Keeps how large a batch was found to be, at least, for the case that it ends its loader. */
export async function noteSize(db: Queryable, id: number, bytes: number): Promise<void> {
  await db.query(`update migration.batches set read_bytes = greatest(read_bytes, $2) where id = $1`, [
    id,
    bytes,
  ]);
}

/** A batch without an attempt left: its keys, how many rows were expected, and how many bytes it was found to have at least. */
interface Exhausted {
  readonly after: number | null;
  readonly to: number | null;
  readonly expected: number;
  readonly readBytes: number | null;
}

/** Fails a batch on offer that crashed its loader so often that no attempt is left. Undefined where it is not so. */
export async function failExhausted(
  db: Queryable,
  id: number,
  generation: number,
): Promise<Exhausted | undefined> {
  const failed = await db.query<Exhausted>(
    `update migration.batches set status = 'failed', finished_at = now(), error_code = coalesce(error_code, 'attempts_exhausted')
     where id = $1 and generation = $2 and status = 'queued' and attempts >= ${MAX_ATTEMPTS}
     returning after_key as after, to_key as "to", expected, read_bytes as "readBytes"`,
    [id, generation],
  );
  return failed.rows[0];
}
