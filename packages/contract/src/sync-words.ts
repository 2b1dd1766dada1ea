/** Why a source is followed no more, in the words of API, command line and doctor. */

/** What ended it, and what a person has to do; null: nothing. */
type Words = readonly [says: string, next: string | null];

const AGAIN = "then follow again: nexus sync --every";

const CODES: Readonly<Record<string, Words>> = {
  asked: ["somebody stopped it", null],
  cutover_began: [
    "a cut-over began to look for a source in which nobody writes: the last delta is its own",
    null,
  ],
  cut_over: ["the target was handed over: people write in it", null],
  strangers: [
    "the target holds rows without a legacy key that nobody has decided about",
    `adopt them (nexus adopt --plan), or say why they may stay (nexus start --delta --leave-strangers); ${AGAIN}`,
  ],
  rows_gone_from_source: [
    "more rows of an entity are gone from the source than it may lose without asking",
    `look at them (nexus gone), say so (nexus limit --gone-percent) or waive it; ${AGAIN}`,
  ],
  unforeseen_losses: [
    "more rows of an entity were rejected than it may lose without asking",
    `look at them (nexus exceptions), mend them or say so (nexus limit --loss-percent); ${AGAIN}`,
  ],
};

/** `code`: why it was stopped. */
export function syncStopInWords(code: string): { says: string; next: string | null } {
  const [says, next] = CODES[code] ?? [
    `a delta needs a person (${code})`,
    `nexus doctor says what; ${AGAIN}`,
  ];
  return { says, next };
}
