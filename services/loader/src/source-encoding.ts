/** Text of a legacy database whose word about its encoding is not true, or not kept: the bytes as they are stored, decoded here. */
import { TEXT_AS_STORED } from "@nexus/catalog";
import { byOid, type Decode, decoderOf, type Pool } from "@nexus/shared/database";
import { type Answer, type Limits, queryWithin } from "./query-within.ts";

/** A row as the query returns it, and the columns that hold bytes without a meaning. */
export interface DecodedRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly unreadable: readonly string[];
}

/**
 * The rows of a query, each sent as hexadecimal digits of what PostgreSQL writes for it: no conversion on the way can fail, or repair
 * what it does not know.
 */
export async function queryStored(
  legacy: Pool,
  sql: string,
  values: readonly unknown[],
  label: string,
  limits: Limits,
): Promise<{ readonly rows: readonly DecodedRow[]; readonly bytes: number } | "too_large"> {
  const shape = await queryWithin(legacy, `select * from (${sql}) q limit 0`, values, limits);
  if (shape === "too_large") return shape;
  const digits = { ...limits, maxBytes: 2 * limits.maxBytes, before: TEXT_AS_STORED };
  const inDigits = `select encode(textsend(q::text), 'hex') as stored from (${sql}) q`;
  const stored = await queryWithin(legacy, inDigits, values, digits);
  if (stored === "too_large") return stored;
  const decode = decoderOf(label);
  const rows = stored.rows.map(({ stored: hex }) =>
    decoded(Buffer.from(String(hex), "hex"), shape.fields, decode),
  );
  return { rows, bytes: stored.bytes };
}

function decoded(bytes: Buffer, fields: Answer["fields"], decode: Decode): DecodedRow {
  const row: Record<string, unknown> = {};
  const unreadable: string[] = [];
  for (const [at, value] of fieldsOf(bytes).entries()) {
    const field = fields[at];
    if (field === undefined) throw new Error("a row has more fields than its query");
    const { text, whole } = value === null ? { text: null, whole: true } : decode(value);
    row[field.name] = text === null ? null : byOid(field.dataTypeID)(text);
    if (!whole) unreadable.push(field.name);
  }
  return { row, unreadable };
}

const COMMA = 0x2c;
const CLOSE = 0x29;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The fields of a row as PostgreSQL writes it: `(1,"a ""b""",,t)`. Bytes, because an encoding may have these as the second half of a character. */
function fieldsOf(bytes: Buffer): (Buffer | null)[] {
  const unquoted = Buffer.allocUnsafe(bytes.length);
  const fields: (Buffer | null)[] = [];
  for (let at = 1, from = 0; at < bytes.length;) {
    const { end, next } = copyField(bytes, at, unquoted, from);
    fields.push(next === at ? null : unquoted.subarray(from, end));
    from = end;
    at = next + 1;
  }
  return fields;
}

/** Copies the field at `at` to `end` of what is unquoted; `next` is what ended it. Quotes and backslashes are doubled inside of quotes. */
function copyField(
  bytes: Buffer,
  at: number,
  unquoted: Buffer,
  from: number,
): { end: number; next: number } {
  let next = at;
  let end = from;
  let quoted = false;
  while (quoted || (bytes[next] !== COMMA && bytes[next] !== CLOSE)) {
    const byte = bytes.readUInt8(next);
    const doubled = byte === BACKSLASH || (quoted && byte === QUOTE && bytes[next + 1] === QUOTE);
    if (byte === QUOTE && !doubled) quoted = !quoted;
    else unquoted[end++] = byte;
    next += doubled ? 2 : 1;
  }
  return { end, next };
}
