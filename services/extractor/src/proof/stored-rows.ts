/** Raw rows as a source stores them whose server cannot send them as text: the bytes, which are decoded here. */
import { type Decode, labelOf } from "@nexus/shared/database";
import { isText, type RawTable } from "./raw-tables.ts";

/** How the text of a source is read. */
export interface SourceText {
  /** PostgreSQL's name of the encoding in which the source says that it stores text. */
  readonly encoding: string;
  /** Whether an operator says that it is another. */
  readonly isTold: boolean;
  /** The label of what it is. */
  readonly label: string;
  /** What becomes of bytes that mean nothing: their row is not loaded, or U+FFFD stands for them. */
  readonly unreadable: "reject" | "repair";
}

/** `told`: a label of the Encoding standard, where the source's own word is not true. */
export function sourceText(
  encoding: string,
  told: string | undefined,
  unreadable: SourceText["unreadable"] = "reject",
): SourceText {
  return { encoding, isTold: told !== undefined, label: told ?? labelOf(encoding), unreadable };
}

/** SQL of the source: a text as hexadecimal digits of its bytes. */
export function inDigits(text: string): string {
  return `encode(textsend(${text}), 'hex')`;
}

/**
 * A row of JSON, by the bytes that the source stores, with its text decoded, and two members more: `garbled`, the columns whose bytes mean nothing, or `repaired`, the
 * notes on them. JSON is read byte by byte: an encoding may have a quote or a backslash as the second half of a character.
 */
export function decodedRow(
  stored: Buffer,
  { columns }: RawTable,
  decode: Decode,
  unreadable: SourceText["unreadable"],
): string {
  const bytes: unknown = JSON.parse(stored.toString("latin1"));
  const garbled = new Set<string>();
  const row = Object.entries(bytes ?? {}).map(([name, value]) => {
    if (typeof value !== "string") return [name, value] as const;
    const { text, whole } = decode(Buffer.from(value, "latin1"));
    if (!whole) garbled.add(name);
    return [name, text] as const;
  });
  const named = columns.filter((one) => isText(one) && garbled.has(one.name));
  const marks = marksOf(
    named.map(({ name }) => name),
    unreadable,
  );
  return JSON.stringify({ ...Object.fromEntries(row), ...marks });
}

function marksOf(
  garbled: readonly string[],
  unreadable: SourceText["unreadable"],
): Record<string, string> {
  if (garbled.length === 0) return {};
  return unreadable === "reject"
    ? { garbled: garbled.join(",") }
    : { repaired: garbled.map((name) => `text_repaired:${name}`).join(",") };
}
