/** How far the embeddings are, as the API tells it. They go on when the run is complete. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";

const embeddings = z.object({
  status: z.enum(["unavailable", "paused", "embedding", "indexing", "idle"]),
  items: z.object({ open: z.number(), done: z.number(), empty: z.number(), failed: z.number() }),
  vectors: z.number(),
  usage: z.object({ calls: z.number(), tokens: z.number() }),
});

export type Embeddings = z.infer<typeof embeddings>;

/** Asks until nothing is left to embed, and shows each answer. */
export async function followEmbeddings(
  api: string,
  show: (embeddings: Embeddings) => void,
): Promise<Embeddings> {
  for (;;) {
    const response = await fetch(`${api}/v1/embeddings`);
    if (!response.ok)
      throw new Error(`the API does not tell how far the embeddings are (${response.status})`);
    const asked = embeddings.parse(await response.json());
    show(asked);
    if (asked.status !== "embedding" && asked.status !== "indexing") return asked;
    await pause(1_000);
  }
}

/** One line for people. */
export function embeddingsLine({ items, vectors, usage }: Embeddings): string {
  const said = (count: number): string => count.toLocaleString("en");
  const open = items.open > 0 ? `, ${said(items.open)} to do` : "";
  const failed = items.failed > 0 ? `, ${said(items.failed)} failed` : "";
  return `Embeddings (provider local: compares words, knows no meaning): ${said(vectors)} vectors of ${said(usage.calls)} different texts, ${said(items.empty)} items with nothing to say${failed}${open}`;
}
