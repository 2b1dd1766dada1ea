/** The steps of a cut-over, in the order in which they are walked. */
export const CUTOVER_STEPS = [
  "alone",
  "source",
  "delta",
  "verification",
  "embeddings",
  "exceptions",
  "accounts",
  "backup",
  "hand_over",
] as const;

export type CutoverStepName = (typeof CUTOVER_STEPS)[number];
