/** The story of one content: step by step until Dify holds what it is to hold. Each step is written down before the next. */
import type { Content } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import type { Log } from "@nexus/shared/telemetry";
import type { Budget } from "../budget/budget.ts";
import type { Dify } from "./client.ts";
import { knownDataset } from "./datasets.ts";
import { type Claimed, settle } from "./documents.ts";
import { nextStep } from "./next-step.ts";
import { putBack } from "./put-back.ts";
import { STEPS, type Work } from "./steps.ts";
import { readWanted, type Wanted } from "./wanted.ts";

export interface DifyDeps {
  readonly target: Pool;
  readonly dify: Dify;
  readonly budget: Budget;
  readonly contents: ReadonlyMap<string, Content>;
  readonly log: Log;
  readonly settings: Pace;
  /** When Dify last answered this process, by `performance.now()`. */
  readonly health: { answeredAt: number };
}

/** All in milliseconds: see config.ts. */
interface Pace {
  readonly claimMs: number;
  readonly settleMs: number;
  readonly ratePauseMs: number;
  readonly pollMs: number;
  readonly retryMs: number;
}

const NOTHING: Wanted = { kind: "nothing", version: null, code: null };

/** Works on one content until nothing is left to do, or something must be waited for. Returns how long the budget wants to be left alone. */
export async function advance(deps: DifyDeps, claimed: Claimed, signal: AbortSignal): Promise<number> {
  const content = deps.contents.get(claimed.claim.contentType);
  // Of a release that knew more: it stays claimed, and is looked at again after that.
  if (content === undefined) return 0;
  let work: Work = { claimed, wanted: NOTHING, dataset: undefined, notIn: undefined };
  try {
    work = await begin(deps, content, claimed);
    await reconcile(deps, content, work, signal);
    return 0;
  } catch (error) {
    return await putBack(deps, content, work, error);
  }
}

async function begin({ target }: DifyDeps, content: Content, claimed: Claimed): Promise<Work> {
  const wanted = await readWanted(target, content, claimed.claim.contentId);
  const dataset = wanted.kind === "text" ? await knownDataset(target, wanted.practiceId) : undefined;
  return { claimed, wanted, dataset, notIn: undefined };
}

async function reconcile(deps: DifyDeps, content: Content, work: Work, signal: AbortSignal): Promise<void> {
  for (;;) {
    const step = nextStep({ ...work, held: work.claimed.held });
    if (step === "settle") break;
    signal.throwIfAborted();
    await STEPS[step](deps, work);
  }
  const { wanted, claimed } = work;
  const code = wanted.kind === "nothing" ? wanted.code : null;
  await settle(deps.target, content, claimed.claim, { version: wanted.version, code });
}
