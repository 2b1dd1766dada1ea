/** Text of a legacy database whose word about its encoding is not true, or not kept: the bytes as they are stored, decoded here. */
import { byOid, type Pool } from "@nexus/shared/database";
import { type Answer, type Limits, queryWithin } from "./query-within.ts";

/** A row as the query returns it, and the columns that hold bytes without a meaning. */
export interface DecodedRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly unreadable: readonly string[];
}

/** PostgreSQL's own encoding, in which nothing is converted on the way. */
const AS_STORED = "select set_config('client_encoding', current_setting('server_encoding'), true)";

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
  const digits = { ...limits, maxBytes: 2 * limits.maxBytes, before: AS_STORED };
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

type Decode = (bytes: Buffer) => { readonly text: string; readonly whole: boolean };

/** What the standard makes of bytes that its one-byte encodings have no character for: a control character. */
const CONTROL = /[\u0080-\u009f]/;
const CONTROLS = /[\u0080-\u009f]/g;

function decoderOf(label: string): Decode {
  const strict = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  if (strict.encoding === "windows-1252") return windows1252;
  const lenient = new TextDecoder(label, { ignoreBOM: true });
  const oneByte = /^(windows|iso)-/.test(strict.encoding);
  return (bytes) => {
    try {
      const text = strict.decode(bytes);
      if (!oneByte || !CONTROL.test(text)) return { text, whole: true };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    const text = lenient.decode(bytes);
    return { text: oneByte ? text.replaceAll(CONTROLS, "\uFFFD") : text, whole: false };
  };
}

/** The characters of 0x80 to 0x9F. Releases of Node take this encoding for ISO 8859-1, which has none there. */
const WINDOWS = "€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ";

function windows1252(bytes: Buffer): ReturnType<Decode> {
  const text = bytes
    .toString("latin1")
    .replaceAll(CONTROLS, (character) => WINDOWS.charAt(character.charCodeAt(0) - 0x80));
  return { text, whole: !text.includes("\uFFFD") };
}

/** The label of the Encoding standard for the name that PostgreSQL has. Text of SQL_ASCII is held to be UTF-8 until somebody says otherwise. */
export function labelOf(serverEncoding: string): string {
  const name = serverEncoding.toLowerCase().replaceAll("_", "-");
  return LABELS[name] ?? name.replace(/^win(?=\d)/, "windows-").replace(/^iso-(?=8859-\d)/, "iso-");
}

const LABELS: Readonly<Record<string, string>> = {
  "sql-ascii": "utf-8",
  utf8: "utf-8",
  latin1: "iso-8859-1",
  latin2: "iso-8859-2",
  latin9: "iso-8859-15",
  koi8r: "koi8-r",
  koi8u: "koi8-u",
  "euc-cn": "gb2312",
  "euc-jis-2004": "euc-jp",
  sjis: "shift_jis",
  "shift-jis-2004": "shift_jis",
  uhc: "euc-kr",
};
