/** What of an entity is not verified, and why. */
import { type NewestVerification, unverifiedAccountsInWords } from "@nexus/contract";
import { inWords } from "../report/wording.ts";

const UNKNOWN: Readonly<Record<Exclude<NewestVerification["status"], "proved">, string>> = {
  without_twin: "its mapping, or a parent's, is written down only once",
  unread: "no run has read a row of it",
};

/** A sentence; null where all of it is verified, as it is since the last run or adoption. */
export function unverifiedOf(newest: NewestVerification | null): string | null {
  if (newest === null) return "no verification has looked at it";
  const { status, isCurrent } = newest;
  if (status !== "proved") return UNKNOWN[status];
  const parts = [
    ...(isCurrent ? [] : ["a run or an adoption has written to the target since"]),
    ...partOf(newest),
    ...accountsOf(newest),
  ];
  return parts.length === 0 ? null : parts.join("; ");
}

function accountsOf({ accounts }: Pick<NewestVerification, "accounts">): string[] {
  const code = accounts?.unverified ?? null;
  return code === null ? [] : [`accounts were not looked at: ${unverifiedAccountsInWords(code)}`];
}

/** What a verification was narrowed to. */
function partOf({ range, sample }: Pick<NewestVerification, "range" | "sample">): string[] {
  return [
    ...(range === null
      ? []
      : [`only keys ${inWords(range.from)} to ${inWords(range.to)} were compared`]),
    ...(sample === null ? [] : [`only a sample of ${sample} % was compared`]),
  ];
}
