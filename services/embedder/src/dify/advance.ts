/** The story of one content: step by step until Dify holds what it is to hold. Each step is written down before the next. */
import type { Content } from "@nexus/catalog";
import { knownDataset } from "./datasets.ts";
import type { DifyDeps } from "./deps.ts";
import { type Claimed, settle } from "./documents.ts";
import { nextStep } from "./next-step.ts";
import { putBack } from "./put-back.ts";
import { STEPS, type Work } from "./steps.ts";
import { readWanted, type Wanted } from "./wanted.ts";

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
