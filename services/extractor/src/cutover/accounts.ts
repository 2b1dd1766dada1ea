/** Step `accounts`: everybody who is to have one has one, decided by what is in the target, and nobody is left to decide about. */
import { type AccountsStanding, accountsStanding, type AccountsUnmet } from "@nexus/shared/ledger";
import type { Queryable } from "@nexus/shared/database";
import { met, notMet, open, toDo, type Verdict, type Walk } from "./step.ts";

/** Milliseconds between two looks at accounts that are being made. */
const AGAIN_MS = 250;

/** What comes by itself is waited for, as long as it moves. */
export async function accountsStep({ deps: { target }, cutover, steps }: Walk): Promise<Verdict> {
  const { kind, asked } = cutover;
  const standing = await accountsStanding(target);
  const deltaIsToCome = steps.get("delta")?.status !== "met";
  const isAsked = asked.order.accounts === true && deltaIsToCome;
  if (standing.progress.runId === null)
    return isAsked ? toDo("accounts_to_do") : met({}, "accounts_off");
  const [first] = standing.unmet;
  if (first === undefined) return isAsked ? toDo("accounts_to_do") : met(madeSo(standing));
  if (isForAPerson(first)) return unmetBy(first, standing);
  // The last delta asks for accounts, too: it decides anew, and loaders make what is due meanwhile.
  if (isAsked && standing.moves) return toDo("accounts_to_do");
  if (first.code === "accounts_outdated" || !standing.moves) return unmetBy(first, standing);
  return kind === "plan"
    ? toDo("accounts_to_do")
    : open({ code: first.code, ...factsOf(first) }, AGAIN_MS);
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

function madeSo({ progress: { done, users, wanted } }: AccountsStanding) {
  return { done, wanted, users };
}
