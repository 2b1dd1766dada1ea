/** Step `accounts`: everybody who is to have one has one, decided by what is in the target, and nobody is left to decide about. */
import { type AccountsStanding, accountsStanding, type AccountsUnmet } from "@nexus/shared/ledger";
import type { Queryable } from "@nexus/shared/database";
import { met, notMet, open, toDo, type Verdict, type Walk } from "./step.ts";

/** Milliseconds between two looks at accounts that are being made. */
const AGAIN_MS = 250;

/** What comes by itself is waited for, as long as it moves. */
export async function accountsStep(walk: Walk): Promise<Verdict> {
  const standing = await accountsStanding(walk.deps.target);
  const [first] = standing.unmet;
  if (first === undefined) return nothingUnmet(walk, standing);
  if (!comesByItself(walk, first, standing)) return unmetBy(first, standing);
  return walk.cutover.kind === "plan" || isAskedAnew(walk)
    ? toDo("accounts_to_do")
    : open({ code: first.code, ...factsOf(first) }, AGAIN_MS);
}

function nothingUnmet(walk: Walk, { progress }: AccountsStanding): Verdict {
  if (isAskedAnew(walk)) return toDo("accounts_to_do");
  const { runId, done, wanted, users } = progress;
  return runId === null ? met({}, "accounts_off") : met({ done, wanted, users });
}

/** Whether the last delta, which is yet to come, decides anew. */
function isAskedAnew({ cutover, steps }: Walk): boolean {
  return cutover.asked.order.accounts === true && steps.get("delta")?.status !== "met";
}

function comesByItself(walk: Walk, unmet: AccountsUnmet, { moves }: AccountsStanding): boolean {
  if (isForAPerson(unmet) || !moves) return false;
  return unmet.code !== "accounts_outdated" || isAskedAnew(walk);
}

/** The same at the end, for the transaction that hands over. */
export async function accountsMetIn(db: Queryable): Promise<Verdict> {
  const standing = await accountsStanding(db);
  const [first] = standing.unmet;
  return first === undefined ? met() : unmetBy(first, standing);
}

function isForAPerson({ code }: AccountsUnmet): boolean {
  return code === "accounts_refused" || code === "accounts_unwanted";
}

function unmetBy(
  unmet: AccountsUnmet,
  { stall, progress: { pausedBecause } }: AccountsStanding,
): Verdict {
  const still = stall === undefined ? {} : { seconds: stall.seconds };
  const paused = pausedBecause === null ? {} : { pausedBecause };
  return notMet(unmet.code, { ...factsOf(unmet), ...still, ...paused });
}

/** Codes and counts. */
function factsOf(unmet: AccountsUnmet): Readonly<Record<string, unknown>> {
  if (unmet.code === "accounts_refused" || unmet.code === "accounts_unwanted")
    return { reasons: unmet.waiting.map(({ reason, accounts }) => `${reason} ${accounts}`) };
  const { code: _, ...facts } = unmet;
  return facts;
}
