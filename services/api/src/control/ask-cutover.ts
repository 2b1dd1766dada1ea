/** Asking for a cut-over, or for its rehearsal: an extractor walks it, and while a cut-over is open no run starts but its own. */
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import {
  acceptAccounts,
  acceptExceptions,
  type By,
  CONTROL_BOUNDS,
  createCutover,
  type Cutover,
  type CutoverAsked,
  cutOver,
  lockStarts,
  openCutover,
  recordAudit,
  unknownAmong,
  withdrawCutover,
} from "@nexus/shared/ledger";
import type { Refusal } from "./refusals.ts";

const ACTIONS = { plan: "plan_cutover", go: "cutover" } as const;

/** What stands in the way is found by its steps; refused is only what could not be walked. `accept`: why open exceptions may stay. */
export async function askCutover(
  target: Pool,
  kind: Cutover["kind"],
  asked: CutoverAsked,
  accept: string | undefined,
  by: By,
  catalog: readonly string[],
): Promise<{ kind: "asked"; id: number } | Refusal> {
  const { skip = [] } = asked.order;
  const unknown = unknownAmong(skip, catalog);
  if (unknown !== undefined) return unknown;
  if (catalog.every((name) => skip.includes(name))) return { kind: "nothing_selected" };
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const open = await openCutover(tx);
      if (open !== undefined) return { kind: "cutover_open", cutoverId: open.id };
      const over = kind === "go" ? await cutOver(tx) : undefined;
      if (over !== undefined) return over;
      if (accept !== undefined) await decide(tx, accept, by);
      const id = await createCutover(tx, kind, asked, by);
      const { withoutBackup, sourceFrozen, quietSeconds } = asked;
      const details = { cutover: id, skip, withoutBackup, sourceFrozen, quietSeconds };
      await recordAudit(tx, by, { action: ACTIONS[kind], runId: null, details });
      return { kind: "asked", id };
    },
    CONTROL_BOUNDS,
  );
}

/** A line in the audit log for each entity and reason, and for each reason of accounts. */
async function decide(tx: Queryable, reason: string, { actor }: By): Promise<void> {
  const by = { actor, reason };
  for (const details of await acceptAccounts(tx, by))
    await recordAudit(tx, by, { action: "accept_exceptions", runId: null, details });
  for (const { entity, ...details } of await acceptExceptions(tx, by))
    await recordAudit(tx, by, { action: "accept_exceptions", runId: null, entity, details });
}

/** The one that is open, if there is one. */
export async function openCutoverId(target: Pool): Promise<number | undefined> {
  return (await openCutover(target))?.id;
}

/** People write in the source again, and runs in the target. */
export async function withdraw(
  target: Pool,
  by: By,
): Promise<{ kind: "withdrawn"; id: number; status: "withdrawn" } | Refusal> {
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const id = await withdrawCutover(tx);
      if (id === undefined) return { kind: "not_cut_over" };
      const details = { cutover: id };
      await recordAudit(tx, by, { action: "withdraw_cutover", runId: null, details });
      return { kind: "withdrawn", id, status: "withdrawn" };
    },
    CONTROL_BOUNDS,
  );
}
