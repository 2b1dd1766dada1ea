/** The story of a cut-over: a checklist, walked a step at a time, so that whoever ticks next goes on where a process died. */
import { isDeepStrictEqual } from "node:util";
import {
  type Cutover,
  type CutoverStep,
  cutoverStepsOf,
  endOpen,
  openCutover,
  recordFreeze,
  recordStep,
} from "@nexus/shared/ledger";
import { pause } from "@nexus/shared/runtime";
import { CUTOVER_STEPS, type CutoverStepName } from "@nexus/shared/states";
import { carryOutAsked, whileOpen } from "../asked-work.ts";
import type { Deps } from "../deps.ts";
import { deltaStep } from "./delta.ts";
import { foreseeFreeze } from "./freeze.ts";
import { handOverStep } from "./hand-over.ts";
import { accountsStep } from "./accounts.ts";
import { aloneStep, backupStep, embeddingsStep, exceptionsStep } from "./look.ts";
import { sourceStep } from "./source.ts";
import type { Found, Step, Verdict, Walk } from "./step.ts";
import { verificationStep } from "./verification.ts";

const STEPS: Readonly<Record<CutoverStepName, Step>> = {
  alone: aloneStep,
  source: sourceStep,
  delta: deltaStep,
  verification: verificationStep,
  embeddings: embeddingsStep,
  exceptions: exceptionsStep,
  accounts: accountsStep,
  backup: backupStep,
  hand_over: handOverStep,
};

/** What a person has to see to, and is told before the source is stopped for it. */
const EARLY: readonly CutoverStepName[] = ["exceptions", "accounts", "backup"];

/** One look for a cut-over, one step of it, and the time that the step wants. Returns the milliseconds until the next. */
export async function cutOver(deps: Deps): Promise<number> {
  const cutover = await openCutover(deps.target);
  if (cutover === undefined) return deps.settings.idleTickMs;
  let againMs = 0;
  await carryOutAsked(deps, asked(cutover), async () => {
    againMs = await walkOn(deps, cutover);
  });
  await waitWhileOpen(deps, cutover, againMs);
  return 0;
}

/** A step may want an hour of quiet. Who gives it up, and asks for another, does not wait for that. */
async function waitWhileOpen(deps: Deps, { id }: Cutover, ms: number): Promise<void> {
  const until = performance.now() + ms;
  for (let left = ms; left > 0 && !deps.signal.aborted; left = until - performance.now()) {
    await pause(Math.min(left, deps.settings.idleTickMs), deps.signal);
    if ((await openCutover(deps.target))?.id !== id) return;
  }
}

function asked({ id }: Cutover) {
  return { work: "cutovers", id } as const;
}

async function walkOn(deps: Deps, cutover: Cutover): Promise<number> {
  const walk = { deps, cutover, steps: await cutoverStepsOf(deps.target, cutover.id) };
  const next = CUTOVER_STEPS.find((name) => (walk.steps.get(name)?.status ?? "open") === "open");
  if (next === undefined) return await conclude(walk);
  const isFirst = next === "source" && !walk.steps.has(next);
  for (const name of cutover.kind === "go" && isFirst ? EARLY : []) {
    const found = await STEPS[name](walk);
    if (typeof found !== "function" && found.status === "not_met")
      return await record(walk, name, found, 0);
  }
  const began = performance.now();
  const found = await STEPS[next](walk);
  return await record(walk, next, found, performance.now() - began);
}

/** Of two extractors that looked, the first to come here writes. */
async function record(
  { deps, cutover, steps }: Walk,
  step: CutoverStepName,
  found: Found,
  tookMs: number,
): Promise<number> {
  return await whileOpen(deps, asked(cutover), async (tx) => {
    const before = steps.get(step);
    const now = (await cutoverStepsOf(tx, cutover.id)).get(step);
    if (now?.looks !== before?.looks) return 0;
    const verdict = typeof found === "function" ? await found(tx) : found;
    const { status, code, facts } = verdict;
    const position = CUTOVER_STEPS.indexOf(step);
    if (isNews(verdict, before))
      await recordStep(tx, cutover, { step, position, status, code, facts, tookMs });
    if (status === "open") return verdict.againMs;
    deps.log.info({ cutover: cutover.id, step, status, code }, "step of a cut-over");
    if (isTheEnd(cutover, step, verdict)) await endOpen(tx, "cutovers", cutover.id, code);
    return 0;
  });
}

/** A look that changed nothing is not written down. */
function isNews({ status, facts }: Verdict, before: CutoverStep | undefined): boolean {
  if (status !== "open" || before === undefined) return true;
  return !isDeepStrictEqual(facts, JSON.parse(before.facts));
}

/** A go ends with the first step that is not met, its code, or with the last one. */
function isTheEnd({ kind }: Cutover, step: CutoverStepName, { status }: Verdict): boolean {
  return kind === "go" && (status === "not_met" || step === "hand_over");
}

/** A rehearsal is at its end: how long would the freeze last? */
async function conclude(walk: Walk): Promise<number> {
  const { deps, cutover } = walk;
  const freeze = await foreseeFreeze(walk);
  await whileOpen(deps, asked(cutover), async (tx) => {
    await recordFreeze(tx, cutover.id, freeze);
    await endOpen(tx, "cutovers", cutover.id, null);
  });
  return 0;
}
