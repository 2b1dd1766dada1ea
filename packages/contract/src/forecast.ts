/** What is still to be embedded, as people see it before they let it begin. */
import { z } from "zod";

/** An upper bound, from what content has cost so far. Rows that did not change cost nothing. */
export const forecast = z.object({
  items: z
    .int()
    .meta({ description: "Content rows that are open or that the active run may still change." }),
  calls: z.int(),
  tokens: z.int(),
  seconds: z.int().nullable().meta({
    description:
      "The time it takes at the pace of the quota. Null until an embedder has recorded the quota.",
  }),
  boundBy: z.enum(["requests", "tokens", "nothing"]).nullable(),
  costUsd: z.number().nullable(),
  uncounted: z.array(z.string()).meta({
    description:
      "Entities of the active run whose rows no run has counted yet: what they hold is in none of these figures. Empty once the run has planned them.",
  }),
});

export type Forecast = z.infer<typeof forecast>;
