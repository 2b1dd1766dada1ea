/** What the newest verification of each entity says, and what nobody has verified. */
import type { Evidence } from "@nexus/contract";
import { type Block, paragraph, section } from "../report/blocks.ts";
import { inWords, plain } from "../report/wording.ts";

/** The tables of verifications and their differences. */
export function verificationTables(evidence: Evidence): Block[] {
  return [...verifiedTable(evidence), ...differenceTable(evidence)];
}

function verifiedTable({ verifications }: Evidence): Block[] {
  return section(
    "Verification, the newest of each entity",
    "Entity, Verification #, Compared #, Differences #, Kinds, Changed since #, Vectors pending #, Documents pending #, Accounts pending #, Not verified",
    verifications.map(({ entity, newest, unverified }) => [
      entity,
      ...(newest === null
        ? ["", "", "", "", "", "", "", ""]
        : [
            String(newest.id),
            inWords(newest.rows),
            inWords(newest.differences),
            kindsInWords(newest.kinds),
            inWords(newest.changedSince),
            pendingInWords(newest.vectors),
            pendingInWords(newest.documents),
            newest.accounts?.unverified === null ? inWords(newest.accounts.pending) : "",
          ]),
      unverified ?? "",
    ]),
  );
}

function pendingInWords(made: { readonly pending: number } | null): string {
  return made === null ? "" : inWords(made.pending);
}

function kindsInWords(kinds: Readonly<Record<string, number>>): string {
  return Object.entries(kinds)
    .map(([kind, rows]) => `${plain(kind)} ${inWords(rows)}`)
    .join(", ");
}

function differenceTable({ differences: { listed, left } }: Evidence): Block[] {
  return [
    ...section(
      "Differences",
      "Entity, Source row #, Column, Kind, Verification #, Changed since",
      listed.map(({ entity, legacyId, column, kind, verification, changedSince }) => [
        entity,
        String(legacyId),
        column ?? "the row",
        plain(kind),
        String(verification),
        changedSince ? "in the source: no difference" : "",
      ]),
    ),
    ...(left === 0
      ? []
      : [paragraph(`${inWords(left)} more differences are counted and not listed here.`)]),
  ];
}
