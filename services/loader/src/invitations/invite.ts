/**
 * The story of one invitation. Nobody gets two mails: that Supabase Auth is about to be asked is on record before it is, and what then has no
 * end is not asked again by itself. Whether its mail left Supabase Auth may know: it says when it sent an account a link last.
 */
import { AuthFailure, type Contact, makerOf } from "@nexus/shared/auth";
import { failpoint } from "@nexus/shared/runtime";
import { type Permit, Postponed, reportStop, takePermit } from "../accounts/permit.ts";
import type { InvitationDeps } from "./deps.ts";
import { type Claimed, ClaimLost, type End, finish, intend, type Left, snooze } from "./rows.ts";

/** How soon everybody asks again who waits for a person, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Invites one person, or finds that there is no need. Returns for how many milliseconds everybody rests. Never throws. */
export async function invite(deps: InvitationDeps, claimed: Claimed): Promise<number> {
  const { target, admin, settings } = deps;
  try {
    const found = lookAt(claimed, await admin.findContact(claimed.profileId));
    if ("state" in found) await finish(target, claimed, found);
    else await send(deps, claimed, found, await takePermit(deps, settings.pauseMs));
    return 0;
  } catch (error) {
    return await afterFailure(deps, claimed, error);
  }
}

/** Whom a mail would reach. */
interface Reachable {
  readonly email: string;
  readonly mailedAt: string | null;
}

/** What is to be done about a person, as his account is now. */
function lookAt(claimed: Claimed, contact: Contact | undefined): End | Reachable {
  if (hasBeenMailed(claimed, contact)) return { state: "sent" };
  if (claimed.wasBegun) return { state: "unsure" };
  const code = reasonToLeave(claimed, contact);
  if (code !== undefined) return { state: "left", code };
  const { email = null, mailedAt = null } = contact ?? {};
  return email === null ? { state: "left", code: "no_address" } : { email, mailedAt };
}

/** Whether a link was sent since it was put on record that one is asked for: ours, or one that the person asked for himself. */
function hasBeenMailed({ intended }: Claimed, contact: Contact | undefined): boolean {
  if (intended === undefined || contact === undefined) return false;
  return contact.mailedAt !== null && contact.mailedAt !== intended.mailedBefore;
}

function reasonToLeave(
  { isWanted, madeBy, ledger }: Claimed,
  contact: Contact | undefined,
): Left | undefined {
  if (!isWanted) return "unwanted";
  if (contact === undefined) return "gone";
  if (makerOf(contact, ledger, madeBy) === null) return "not_ours";
  if (contact.hasSignedIn) return "signed_in";
  return contact.isBanned ? "banned" : undefined;
}

async function send(
  deps: InvitationDeps,
  claimed: Claimed,
  { email, mailedAt }: Reachable,
  permit: Permit,
): Promise<void> {
  const { target, admin, settings } = deps;
  const begun = await intend(target, claimed, mailedAt, settings.claimMs);
  failpoint("invitation.intended");
  try {
    const { redirectTo } = settings;
    await permit(() => admin.invite({ method: claimed.method, email, redirectTo }));
    failpoint("invitation.sent");
    await finish(target, begun, { state: "sent" });
  } catch (error) {
    if (!(error instanceof AuthFailure)) throw error;
    await afterCall(deps, claimed, begun, error);
  }
}

/** A refusal is an answer: no mail has left. Of anything else that is not known, but Supabase Auth may say it. */
async function afterCall(
  deps: InvitationDeps,
  claimed: Claimed,
  begun: Claimed,
  failure: AuthFailure,
): Promise<void> {
  const { target, admin, log } = deps;
  const { kind, code } = failure;
  if (kind === "throttled" || kind === "stop") {
    await snooze(target, { ...claimed, until: begun.until }, 0);
    throw failure;
  }
  if (kind !== "retry") return await finish(target, begun, { state: "refused", code });
  const contact = await admin.findContact(begun.profileId).catch(unknownIfUnanswered);
  const end: End = { state: hasBeenMailed(begun, contact) ? "sent" : "unsure" };
  log.warn({ code, legacyId: begun.legacyId, ...end }, "an invitation was not answered");
  await finish(target, begun, end);
}

function unknownIfUnanswered(error: unknown): undefined {
  if (!(error instanceof AuthFailure)) throw error;
}

/** What cannot even be put back stays claimed, and is found when that has run out. */
async function afterFailure(
  deps: InvitationDeps,
  claimed: Claimed,
  error: unknown,
): Promise<number> {
  const { log } = deps;
  const facts = { legacyId: claimed.legacyId };
  try {
    return await restAfter(deps, claimed, error);
  } catch (cause) {
    log.warn({ err: cause, ...facts }, "an invitation could not be put back, it is found again");
    return PATIENCE_MS;
  }
}

async function restAfter(deps: InvitationDeps, claimed: Claimed, error: unknown): Promise<number> {
  const { target, budget, settings, log } = deps;
  if (error instanceof ClaimLost) return 0;
  const again = async (inMs: number, restMs: number): Promise<number> => {
    await snooze(target, claimed, inMs);
    return restMs;
  };
  if (error instanceof Postponed) return await again(0, error.ms);
  if (!(error instanceof AuthFailure)) {
    log.warn({ err: error, legacyId: claimed.legacyId }, "an invitation must wait");
    return await again(PATIENCE_MS, PATIENCE_MS);
  }
  const { kind, code, retryAfterMs } = error;
  if (kind === "throttled") return await again(0, retryAfterMs ?? settings.pauseMs);
  if (kind !== "stop") return await again(settings.retryMs, settings.retryMs);
  log.error({ code }, "Supabase Auth refuses every call: a person must look");
  await reportStop(budget, code);
  return await again(0, PATIENCE_MS);
}
