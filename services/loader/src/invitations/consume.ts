/** One round of sending invitations. */
import { invite } from "./invite.ts";
import type { InvitationDeps } from "./deps.ts";
import { claimDue } from "./rows.ts";

/** Milliseconds between two looks for somebody to invite. */
const TICK_MS = 1_000;

/** The longest that a round waits before it looks again, in milliseconds: the pace may have changed. */
const LONGEST_REST_MS = 5_000;

/** One person after the other: the pace is some mails a minute. Returns the milliseconds until the next round. */
export async function sendInvitations(deps: InvitationDeps): Promise<number> {
  const [claimed] = await claimDue(deps.target, 1, deps.settings.claimMs);
  if (claimed === undefined) return TICK_MS;
  return Math.min(LONGEST_REST_MS, await invite(deps, claimed));
}
