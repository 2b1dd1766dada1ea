/** What a run costs that a forecast has counted: money for embedding, and disk. */
import type { ForecastView } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { embeddingProgress } from "@nexus/shared/ledger";
import type { Foreseen } from "../queries/find-proof.ts";
import { contents, inDollars } from "./forecast-embedding.ts";

/** Measured: a vector fills its page of 8 KiB, 150,000 took 391 MB of index; a text keeps another copy, in three pieces. */
const VECTOR_BYTES = 8_192 + 2_607;
const TEXT_BYTES = 4_500;

/** Adds them. Each row of content that is inserted or updated is taken for one that is embedded; `embeds`: whether runs are, unless they say otherwise. Nothing is uncounted. */
export async function withCosts(
  target: Pool,
  { rowBytes, ...counted }: Foreseen,
  embeds: boolean,
): Promise<ForecastView> {
  const written = counted.entities
    .filter(({ entity }) => contents.includes(entity))
    .reduce((sum, { inserted, updated }) => sum + inserted + updated, 0);
  const embedding = embeds
    ? { ...inDollars((await embeddingProgress(target, contents, written)).forecast), uncounted: [] }
    : null;
  const vectorBytes =
    embedding === null ? 0 : embedding.items * VECTOR_BYTES + embedding.calls * TEXT_BYTES;
  return { ...counted, embedding, disk: { rowBytes, vectorBytes } };
}
