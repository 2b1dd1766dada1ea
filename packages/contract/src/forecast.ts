/** What is still to be embedded, as people see it before they let it begin. */
import { z } from "zod";

/** At most so much, by what content came to so far: rows that did not change cost nothing. */
export const forecast = z.object({
  items: z.int().meta({ description: "Content rows that are open, or that the active run may yet change." }),
  calls: z.int(),
  tokens: z.int(),
  seconds: z
    .int()
    .nullable()
    .meta({ description: "At the pace of the quota; null until an embedder has written it down." }),
  boundBy: z.enum(["requests", "tokens", "nothing"]).nullable(),
  costUsd: z.number().nullable(),
});

export type Forecast = z.infer<typeof forecast>;
