/** `--half-filled`: a target that an earlier tool has half filled becomes whole. */
import { entities, entityNamed } from "@nexus/catalog";
import type { Answer, Client } from "@nexus/contract";
import { withPool } from "@nexus/shared/database";
import { setTimeout as pause } from "node:timers/promises";
import { type Account, type HalfFilled, matches, strangers } from "../half-filled/index.ts";

export type Adoption = Answer<"GET /v1/adoptions/:id">;

/** Why the rows that are not adopted may stay: kept in the audit log. */
export const LEFT = "rows of the earlier tool that are nobody's, or that are unclear";

/** Has the rows adopted, and waits for it. */
export async function adoptRows(api: Client): Promise<Adoption> {
  const { id } = await api.call("POST /v1/adoptions", {
    body: { kind: "adopt", reason: "the demo" },
  });
  for (;;) {
    const adoption = await api.call("GET /v1/adoptions/:id", { params: { id: String(id) } });
    if (adoption.status === "failed")
      throw new Error(`the adoption failed (${adoption.errorCode})`);
    if (adoption.status === "done") return adoption;
    await pause(250);
  }
}

/** What the earlier tool left, in one line. */
export function foundLine(made: HalfFilled): string {
  const rows = Object.entries(made).map(([table, account]) => `${said(account.rows)} ${table}`);
  return `An earlier tool has half filled the target: ${rows.join(", ")}`;
}

/** A line for each entity: what was adopted, and why the others were not. */
export function adoptionLines({ entities }: Adoption): string[] {
  return entities
    .filter(({ strangers }) => strangers > 0)
    .map(({ entity, strangers, adopted, byKey, left }) => {
      const others = strangers > adopted ? `; left alone: ${counted(left)}` : "";
      return `  ${entity}: ${said(adopted)} of ${said(strangers)} rows are known (${counted(byKey)})${others}`;
    });
}

/** What became of the rows of one table. */
export interface Kept {
  /** All of the table. */
  readonly rows: number;
  /** Without a legacy key. */
  readonly strangers: number;
  /** Of those that were there before, the ids that are not there any more. */
  readonly idsGone: number;
  /** Rows that were given the key of another source row than the one that they were made of. */
  readonly mistaken: number;
}

/** Compares the target with what the earlier tool left in it. */
export async function lookAgain(
  targetUrl: string,
  made: HalfFilled,
): Promise<Record<string, Kept>> {
  return await withPool({ url: targetUrl, max: 1, name: "nexus-demo" }, async (target) => {
    const kept: Record<string, Kept> = {};
    for (const [table, account] of Object.entries(made)) {
      const key = entityNamed(entities, table).target.key;
      const { rows } = await target.query<Kept>(
        `select count(*)::int as rows, count(*) filter (where t.${key} is null)::int as strangers,
           ($1::jsonb ->> 'rows')::int - count(*) filter (where $1::jsonb -> 'keys' ? t.id::text)::int as "idsGone",
           count(*) filter (where t.${key} <> ($1::jsonb -> 'keys' ->> t.id::text)::int)::int as mistaken
         from public.${table} t`,
        [JSON.stringify({ rows: account.rows, keys: keysOf(account) })],
      );
      const [found] = rows;
      if (found !== undefined) kept[table] = found;
    }
    return kept;
  });
}

/** The key that each row should have been given: of those that should have been left alone, none that there is. */
function keysOf(account: Account): Record<string, number> {
  return Object.fromEntries([
    ...matches(account).map(({ id, legacyKey }) => [id, legacyKey]),
    ...strangers(account).map((id) => [id, -1]),
  ]);
}

/** Whether nothing happened to the rows that were there before. */
export function isKept(kept: Readonly<Record<string, Kept>>): boolean {
  return Object.values(kept).every(({ idsGone, mistaken }) => idsGone === 0 && mistaken === 0);
}

/** For people: the target is whole. */
export function keptLine(kept: Readonly<Record<string, Kept>>): string {
  const sums = Object.entries(kept).map(
    ([table, { rows, strangers }]) =>
      `${table} ${said(rows)} = ${said(rows - strangers)} of the source + ${said(strangers)} left alone`,
  );
  const verdict = isKept(kept)
    ? "No id has changed, and nobody was taken for another."
    : "ROWS WERE HARMED.";
  return `The target is whole: ${sums.join("; ")}. ${verdict}`;
}

function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, rows]) => `${name} ${said(rows)}`)
    .join(", ");
}

function said(count: number): string {
  return count.toLocaleString("en");
}
