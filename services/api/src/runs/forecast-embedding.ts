/** What is still to be embedded, as people see it before they let it begin. */
import { entities } from "@nexus/catalog";
import type { Forecast } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { type EmbeddingProgress, embeddingProgress } from "@nexus/shared/ledger";

/** The entities whose rows are content. */
export const contents = entities.flatMap(({ name, content }) => (content === null ? [] : [name]));

/** As of now. */
export async function forecastOf(target: Pool): Promise<Forecast> {
  return inDollars((await embeddingProgress(target, contents)).forecast);
}

/** With its price in dollars. */
export function inDollars(of: EmbeddingProgress["forecast"]): Forecast {
  const { microdollars, uncounted, ...rest } = of;
  const costUsd = microdollars === null ? null : microdollars / 1e6;
  return { ...rest, costUsd, uncounted: [...uncounted] };
}
