import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { DIFY_BUDGET, difyProgress } from "@nexus/shared/ledger";
import { contentEvents, eq, query, rateBudget, read, sql } from "@nexus/shared/tables";
import { count, duration } from "../words.ts";
import { type Finding, note, wrong } from "./finding.ts";
import { sessionsOf } from "./sessions.ts";

const STATEMENT_MS = 15_000;

/** An embedder with DIFY=on looks at what is offered several times a second, and rests for some seconds at most. */
const PATIENCE_SECONDS = 120;

/** Whether Dify's knowledge bases are filled, where they are. */
export async function examineDify(target: Pool): Promise<Finding[]> {
  return await readOnly(target, examine, { statementMs: STATEMENT_MS });
}

async function examine(tx: Queryable): Promise<Finding[]> {
  const { pausedBecause, items } = await difyProgress(tx);
  const left = items.offered + items.open + items.indexing;
  if (pausedBecause !== null) return [pausedFor(pausedBecause, left), ...failed(items.failed)];
  const why = left === 0 ? undefined : await nobodyWhy(tx, items.offered);
  return [...(why === undefined ? [] : [nobody(left, why)]), ...failed(items.failed)];
}

/** Why nobody fills Dify; undefined: somebody may. What is taken already may have to wait for its next try: then nobody asks. */
async function nobodyWhy(tx: Queryable, offered: number): Promise<string | undefined> {
  const ours = eq(rateBudget.model, DIFY_BUDGET);
  const seconds = sql<number>`extract(epoch from now() - greatest(${rateBudget.filled_at},
    (select min(${contentEvents.created_at}) from ${contentEvents} where ${contentEvents.dify_open})))::integer`;
  // Each embedder with DIFY=on writes its budget down when it starts, and whenever it asks Dify.
  const [budget] = await read(tx, query.select({ seconds }).from(rateBudget).where(ours));
  if (budget === undefined) return "no embedder with DIFY=on was ever there";
  const { embedders, telling } = await sessionsOf(tx);
  if (telling && embedders === 0) return "no embedder is connected to the target";
  return offered === 0 || budget.seconds < PATIENCE_SECONDS
    ? undefined
    : `none has asked Dify for ${duration(budget.seconds)}: no embedder that runs has DIFY=on`;
}

function nobody(left: number, why: string): Finding {
  return wrong(
    "dify",
    "no_dify_embedder",
    `${count(left)} items wait to be put into Dify, and ${why}`,
    "start an embedder with DIFY=on, DIFY_URL and DIFY_API_KEY: npm run start:embedder",
  );
}

function pausedFor(because: string, left: number): Finding {
  return wrong(
    "dify",
    "dify_paused",
    `filling Dify is paused (${because}); ${count(left)} items wait`,
    "look at DIFY_URL, DIFY_API_KEY and Dify's own limits; it is tried again by itself",
  );
}

function failed(items: number): Finding[] {
  if (items === 0) return [];
  return [
    note(
      "dify",
      "dify_failed",
      `${count(items)} items could not be put into Dify`,
      "nexus backfill --dify --scope failed tries them again",
    ),
  ];
}
