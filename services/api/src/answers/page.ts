/** Pages of lists. A cursor is the key of the last item that was shown; clients need not know that. */
import { isInt8 } from "@nexus/contract";
import { Problem } from "./problem.ts";

/** The key after which the page of a cursor begins; undefined for the first page. Throws a problem if the text is not a cursor. */
export function positionIn(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, "base64url").toString();
  if (isInt8(key)) return key;
  const problem = "must be the `next` of the page before";
  throw new Problem(400, "invalid_request", `cursor: ${problem}`, {
    fields: [{ field: "cursor", problem }],
  });
}

/** A page of `limit` items. `found` holds one item more if there is a next page. */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  keyOf: (item: T) => number | string,
): { items: T[]; next: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, next: more ? Buffer.from(String(keyOf(last))).toString("base64url") : null };
}
