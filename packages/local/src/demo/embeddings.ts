/** How far the embeddings are, as the API tells it. They go on when the run is complete. */
import type { Answer, Client } from "@nexus/contract";
import { setTimeout as pause } from "node:timers/promises";

export type Embeddings = Answer<"GET /v1/embeddings">;

/** Asks until nothing is left to embed, and shows each answer. */
export async function followEmbeddings(
  api: Client,
  show: (embeddings: Embeddings) => void,
): Promise<Embeddings> {
  for (;;) {
    const asked = await api.call("GET /v1/embeddings");
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
