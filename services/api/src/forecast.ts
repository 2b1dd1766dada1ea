/** What is still to be embedded, as people see it before they let it begin. */
import { entities } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import { type EmbeddingProgress, embeddingProgress } from "@nexus/shared/ledger";
import { z } from "zod";

/** At most so much, by what content came to so far: rows that did not change cost nothing. */
export const forecast = z.object({
  /** Content rows that are open, or that the active run may yet change. Of a run that is not planned yet: those of the run before. */
  items: z.int(),
  calls: z.int(),
  tokens: z.int(),
  /** At the pace of the quota. This and what follows is null until an embedder has written down the quota and the price. */
  seconds: z.int().nullable(),
  boundBy: z.enum(["requests", "tokens", "nothing"]).nullable(),
  costUsd: z.number().nullable(),
});

/** The entities whose rows are content. */
export const contents = entities.flatMap(({ name, content }) => (content === null ? [] : [name]));

/** As of now. */
export async function forecastOf(target: Pool): Promise<z.infer<typeof forecast>> {
  return inDollars((await embeddingProgress(target, contents)).forecast);
}

/** With its price in dollars. */
export function inDollars({
  microdollars,
  ...rest
}: EmbeddingProgress["forecast"]): z.infer<typeof forecast> {
  return { ...rest, costUsd: microdollars === null ? null : microdollars / 1e6 };
}
