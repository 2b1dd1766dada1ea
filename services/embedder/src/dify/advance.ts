/** The story of one content: step by step until Dify holds what it is to hold. Each step is written down before the next. */
import type { Content } from "@nexus/catalog";
import { knownDataset } from "./datasets.ts";
import type { DifyDeps } from "./deps.ts";
import { type Claimed, finish } from "./documents.ts";
import { nextAction } from "./next-action.ts";
import { afterFailure } from "./after-failure.ts";
import { ACTIONS, type Work } from "./actions.ts";
import { readDesired, type Desired } from "./desired.ts";

const NOTHING: Desired = { kind: "nothing", version: null, code: null };

/** Works on one content until nothing is left to do, or something must be waited for. Returns how long the budget wants to be left alone. */
export async function advance(
  deps: DifyDeps,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<number> {
  const content = deps.contents.get(claimed.claim.contentType);
  // Of a release that knew more: it stays claimed, and is looked at again after that.
  if (content === undefined) return 0;
  let work: Work = { claimed, desired: NOTHING, dataset: undefined, notIn: undefined };
  try {
    work = await begin(deps, content, claimed);
    await reconcile(deps, content, work, signal);
    return 0;
  } catch (error) {
    return await afterFailure(deps, content, work, error);
  }
}

async function begin({ target }: DifyDeps, content: Content, claimed: Claimed): Promise<Work> {
  const desired = await readDesired(target, content, claimed.claim.contentId);
  const dataset =
    desired.kind === "text" ? await knownDataset(target, desired.practiceId) : undefined;
  return { claimed, desired, dataset, notIn: undefined };
}

async function reconcile(
  deps: DifyDeps,
  content: Content,
  work: Work,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const action = nextAction({ ...work, actual: work.claimed.actual });
    if (action === "finish") break;
    signal.throwIfAborted();
    await ACTIONS[action](deps, work);
  }
  const { desired, claimed } = work;
  const code = desired.kind === "nothing" ? desired.code : null;
  await finish(deps.target, content, claimed.claim, { version: desired.version, code });
}
