import { createHash } from "node:crypto";

/** SHA-256 of a text in UTF-8, hexadecimal: texts of one digest are embedded once. */
export function textDigest(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
