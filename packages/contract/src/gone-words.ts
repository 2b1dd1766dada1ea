/** What became of rows that are gone from the source, in the words of API, report, command line and dashboard. */

/** Counts of an entity of a run; what an older API does not say is none. */
export interface GoneCounts {
  readonly gone?: number | undefined;
  readonly goneArchived?: number | undefined;
  readonly goneDeleted?: number | undefined;
  /** By reason. */
  readonly goneLeft?: Readonly<Record<string, number>> | undefined;
}

/** Why a gone row was left, or what was done: completes "it is". */
export const GONE_FATES: Readonly<Record<string, string>> = {
  archived: "archived",
  referred: "referred to by other rows",
  refused: "kept by a rule of the target",
  not_inserted: "not inserted by a run",
  source_empty: "doubtful, because the source showed no row at all",
  source_row: "in the source under another key",
  unmarkable: "without a place for a marker",
};

/** "3 deleted, 2 archived, 1 left (1 referred to by other rows)"; empty where nothing was done about them. */
export function goneInWords({
  goneArchived = 0,
  goneDeleted = 0,
  goneLeft = {},
}: GoneCounts): string {
  const left = Object.entries(goneLeft);
  const rows = left.reduce((sum, [, count]) => sum + count, 0);
  const reasons = left.map(([fate, count]) => `${count} ${GONE_FATES[fate] ?? fate}`).join(", ");
  return [
    ...(goneDeleted > 0 ? [`${goneDeleted} deleted`] : []),
    ...(goneArchived > 0 ? [`${goneArchived} archived`] : []),
    ...(rows > 0 ? [`${rows} left (${reasons})`] : []),
  ].join(", ");
}
