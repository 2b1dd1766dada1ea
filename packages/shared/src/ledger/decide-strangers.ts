/** Rows of the target without a legacy key: a run starts only when somebody has said what they are. */
import { entities } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { recordAdopted } from "./adoptions.ts";
import { type By, recordAudit } from "./audit.ts";
import {
  countStrangers,
  leaveStrangers,
  recordStrangers,
  type Strangers,
  undecided,
} from "./strangers.ts";

/** Somebody has to decide about some. */
export interface Undecided {
  readonly kind: "strangers";
  readonly strangers: readonly Strangers[];
}

/** `leave` keeps the decision with the run that it was made for. */
interface Decided {
  readonly kind: "decided";
  leave(runId: number): Promise<void>;
}

/** Refused while entities of the run have strangers that nobody has decided about, and no `reason` to leave them is given. */
export async function decideStrangers(
  tx: Queryable,
  names: readonly string[],
  reason: string | undefined,
  by: By,
): Promise<Decided | Undecided> {
  const counted = await countStrangers(
    tx,
    entities.filter(({ name }) => names.includes(name)),
  );
  const open = await undecided(tx, counted);
  if (open.length > 0 && reason === undefined) return { kind: "strangers", strangers: open };
  return {
    kind: "decided",
    async leave(runId) {
      await recordStrangers(tx, runId, counted);
      await recordAdopted(tx, runId);
      if (reason === undefined || open.length === 0) return;
      await leaveStrangers(tx, open, { actor: by.actor, reason });
      for (const { entity, rows } of open)
        await recordAudit(
          tx,
          { actor: by.actor, reason },
          { action: "leave_strangers", runId, entity, details: { rows } },
        );
    },
  };
}
