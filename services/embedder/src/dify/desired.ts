/** What Dify is to hold of a content row. */
import type { Content } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import { textDigest } from "@nexus/shared/embedding";
import { readItems } from "../chunk-content.ts";

/** `version`: the xmin of the row; null: there is no row. */
export type Desired =
  | { readonly kind: "nothing"; readonly version: string | null; readonly code: string | null }
  | {
      readonly kind: "text";
      readonly version: string;
      /** Null: what all practices share. */
      readonly practiceId: string | null;
      readonly text: string;
      readonly sha256: string;
    };

/** Reads and composes a row as the embedder does. */
export async function readDesired(
  target: Pool,
  content: Content,
  contentId: string,
): Promise<Desired> {
  const [item] = await readItems(target, content, [contentId]);
  if (item === undefined) return { kind: "nothing", version: null, code: null };
  const { version, practiceId, chunks, failure: code } = item;
  const visible = practiceId !== null || content.sharedWithoutPractice;
  if (code !== null || !visible || chunks.length === 0) return { kind: "nothing", version, code };
  const text = chunks.map((chunk) => chunk.text).join("\n\n");
  const sha256 = textDigest(text);
  return { kind: "text", version, practiceId, text, sha256 };
}
