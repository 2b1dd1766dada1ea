/** Step `hand_over`: what was met is met still, and from the same transaction on no run is created any more. */
import type { Client } from "@nexus/shared/database";
import { busyWith, lockStarts, recordAudit } from "@nexus/shared/ledger";
import { accountsMetIn } from "./accounts.ts";
import { lastDelta } from "./delta.ts";
import { undecidedIn } from "./look.ts";
import { stillQuiet } from "./source.ts";
import { type Found, met, notMet, refusedBy, toDo, type Verdict, type Walk } from "./step.ts";

export async function handOverStep(walk: Walk): Promise<Found> {
  if (walk.cutover.kind === "plan") return toDo("hand_over_to_do");
  return (await stillQuiet(walk)) ?? ((tx) => handOver(walk, tx));
}

async function handOver(walk: Walk, tx: Client): Promise<Verdict> {
  const { id, actor, reason } = walk.cutover;
  await lockStarts(tx);
  const busy = await busyWith(tx, id);
  if (busy !== undefined) return refusedBy(busy);
  const newer = await tx.query<{ id: number }>(
    `select id from migration.runs where id > $1 order by id desc limit 1`,
    [lastDelta(walk)],
  );
  const [run] = newer.rows;
  if (run !== undefined) return notMet("run_since", { runId: run.id });
  const decided = await undecidedIn(tx);
  if (decided.status !== "met") return decided;
  const accounts = await accountsMetIn(tx);
  if (accounts.status !== "met") return accounts;
  await recordAudit(
    tx,
    { actor, reason },
    { action: "cut_over", runId: null, details: { cutover: id } },
  );
  return met();
}
