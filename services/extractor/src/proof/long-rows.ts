/** Rows of the source that are too long to go through this process whole: in pieces, which the target's server puts together again. */
import type { Queryable } from "@nexus/shared/database";

/** Bytes of a row, as the source stores text, beyond which it goes in pieces: 250 rows that are as long as that are 8 MB. */
export const LONG_BYTES = 32_768;

/** Bytes of a piece, and pieces that are on their way at once. */
const PIECE_BYTES = 65_536;
const PIECES = 64;

/** A piece of a row; `row` and `nth` count from 0. */
interface Piece {
  readonly row: number;
  readonly nth: number;
  readonly bytes: Base64;
}

/** As PostgreSQL writes and reads it, with its line ends. */
type Base64 = string;

/** SQL of the source: pieces of the rows that are long. `rows`: a query of `row`, the text of each. */
export function piecesSql(rows: string): string {
  return `declare long_rows no scroll cursor for
    select nth, encode(substr(bytes, nth * ${PIECE_BYTES} + 1, ${PIECE_BYTES}), 'base64') as bytes
    from (select textsend(row) as bytes from (${rows}) s where octet_length(row) > ${LONG_BYTES} offset 0) l
    cross join lateral generate_series(0, (length(bytes) - 1) / ${PIECE_BYTES}) as nth`;
}

/** The pieces that the cursor `long_rows` has, a portion at a time. */
export async function* readPieces(source: Queryable): AsyncGenerator<readonly Piece[]> {
  let row = -1;
  for (;;) {
    const { rows } = await source.query<{ nth: number; bytes: Base64 }>(
      `fetch ${PIECES} from long_rows`,
    );
    if (rows.length > 0)
      yield rows.map(({ nth, bytes }) => ({ row: nth === 0 ? ++row : row, nth, bytes }));
    if (rows.length < PIECES) return;
  }
}

/** The same rows, each put together, made into another one by `decoded`, and taken to pieces again. One row is in memory at a time. */
export async function* decodedPieces(
  portions: AsyncIterable<readonly Piece[]>,
  decoded: (row: Buffer) => string,
): AsyncGenerator<readonly Piece[]> {
  let parts: Buffer[] = [];
  let current = 0;
  for await (const portion of portions)
    for (const { row, bytes } of portion) {
      if (row !== current) {
        yield* cut(current, Buffer.from(decoded(Buffer.concat(parts))));
        [current, parts] = [row, []];
      }
      parts.push(Buffer.from(bytes, "base64"));
    }
  if (parts.length > 0) yield* cut(current, Buffer.from(decoded(Buffer.concat(parts))));
}

function* cut(row: number, bytes: Buffer): Generator<readonly Piece[]> {
  for (let at = 0; at < bytes.length; at += PIECES * PIECE_BYTES) {
    const portion: Piece[] = [];
    for (let from = at; from < Math.min(bytes.length, at + PIECES * PIECE_BYTES);) {
      const to = from + PIECE_BYTES;
      const piece = bytes.subarray(from, to).toString("base64");
      portion.push({ row, nth: from / PIECE_BYTES, bytes: piece });
      from = to;
    }
    yield portion;
  }
}

/** Keeps them in the target, in place of those of another table. */
export async function writePieces(
  target: Queryable,
  portions: AsyncIterable<readonly Piece[]>,
): Promise<void> {
  await target.query(
    `create temp table if not exists pieces ("row" bigint, nth integer, bytes bytea) on commit drop;
     alter table pieces alter bytes set storage external;
     truncate pieces`,
  );
  for await (const portion of portions)
    await target.query(
      `insert into pieces select p."row", p.nth, decode(p.bytes, 'base64')
       from unnest($1::bigint[], $2::integer[], $3::text[]) as p ("row", nth, bytes)`,
      [
        portion.map(({ row }) => row),
        portion.map(({ nth }) => nth),
        portion.map(({ bytes }) => bytes),
      ],
    );
}

/** SQL of the target: what the pieces are when they are put together, as `row`, which is JSON. */
export const PUT_TOGETHER = `select convert_from(string_agg(bytes, '' order by nth), 'UTF8')::json as "row" from pieces group by pieces."row"`;
