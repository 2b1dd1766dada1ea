/** Pages of lists. A cursor is the key of the last item that was shown; clients need not know that. */
import { isInt8 } from "@nexus/contract";
import { Problem } from "./problem.ts";

/** Where the page begins that a cursor asks for; undefined: at the beginning. Throws a problem for what is no cursor. */
export function positionIn(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, "base64url").toString();
  if (isInt8(key)) return key;
  const problem = "must be the `next` of the page before";
  throw new Problem(400, "invalid_request", `cursor: ${problem}`, { fields: [{ field: "cursor", problem }] });
}

/** A page of `limit` items. `found` is one more than that where there is a next page. */
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
