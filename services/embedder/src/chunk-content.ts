/** Reads content rows and puts them into words: what is to have which vectors. */
import type { Pool } from "@nexus/shared/database";
import { setImmediate } from "node:timers/promises";
import { chunk, cutInTwo, textDigest } from "@nexus/shared/embedding";
import type { Content } from "@nexus/catalog";

/** A piece of text that is one call at most. */
export interface Chunk {
  readonly text: string;
  /** SHA-256 of the text in UTF-8, hexadecimal. */
  readonly sha256: string;
}

/** A content row as it was when it was read. */
export interface Item {
  readonly id: string;
  /** Its xmin: another one, and the row has been written since. */
  readonly version: string;
  readonly practiceId: string | null;
  /** In order; none: the row has nothing to say. */
  readonly chunks: readonly Chunk[];
  /** Why it cannot be put into words. */
  readonly failure: string | null;
}

interface ContentRow {
  readonly id: string;
  readonly version: string;
  readonly practice_id: string | null;
}

/** The items of these ids. Rows that are gone are left out: their vectors went with them. */
export async function readItems(
  target: Pool,
  content: Content,
  ids: readonly string[],
): Promise<Item[]> {
  const { rows } = await target.query<ContentRow>(
    `select id, xmin::text as version, practice_id, ${content.columns.join(", ")}
     from public.${content.table} where id = any($1::uuid[])`,
    [ids],
  );
  const items: Item[] = [];
  let since = performance.now();
  for (const row of rows) {
    items.push(itemOf(content, row));
    if (performance.now() - since < BUSY_MS) continue;
    await setImmediate();
    since = performance.now();
  }
  return items;
}

/** An item that is not put into words, because that is what it may not survive. Undefined: the row is gone. */
export async function unreadItem(
  target: Pool,
  { table }: Content,
  id: string,
  failure: string,
): Promise<Item | undefined> {
  const { rows } = await target.query<ContentRow>(
    `select id, xmin::text as version, practice_id from public.${table} where id = $1::uuid`,
    [id],
  );
  const [row] = rows;
  return row && { id, version: row.version, practiceId: row.practice_id, chunks: [], failure };
}

/** Milliseconds of composing after which others have their turn: locks are renewed, probes are answered. */
const BUSY_MS = 20;

function itemOf(content: Content, row: ContentRow): Item {
  const { id, version, practice_id: practiceId } = row;
  try {
    const chunks = chunk(content.compose(row)).map(chunkOf);
    return { id, version, practiceId, chunks, failure: null };
  } catch {
    return { id, version, practiceId, chunks: [], failure: "not_composable" };
  }
}

/** The item with a chunk in two pieces; the item itself, if that cannot be cut. */
export function cutSmaller(item: Item, tooLong: (chunk: Chunk) => boolean): Item {
  const chunks = item.chunks.flatMap((chunk) => {
    const pieces = tooLong(chunk) ? cutInTwo(chunk.text).map(chunkOf) : [];
    return pieces.length > 1 ? pieces : [chunk];
  });
  return chunks.length === item.chunks.length ? item : { ...item, chunks };
}

function chunkOf(text: string): Chunk {
  return { text, sha256: textDigest(text) };
}
