/** How long embedding goes on, and what limits it: at 60 requests a minute it takes days, and nobody should have to guess why. */
import type { Limit, RunView } from "@nexus/contract";
import {
  EMBEDDING_SLICE_SECONDS,
  EMBEDDING_SLICES,
  type EmbeddingPace,
} from "../queries/measure-embedding.ts";
import { estimate } from "./estimate.ts";

/** The part of a view that speaks of embedding. Its pace is that of the last two minutes. */
export function embeddingOutlook(pace: EmbeddingPace): RunView["embedding"] {
  const { open, slices } = pace;
  if (open === 0) return { open, itemsPerSecond: 0, eta: null, limitedBy: null };
  const done = slices.reduce((sum, items) => sum + items, 0);
  const seconds = EMBEDDING_SLICES * EMBEDDING_SLICE_SECONDS;
  const perSecond = slices.map((items) => items / EMBEDDING_SLICE_SECONDS);
  const evidence = {
    left: open,
    guessed: 0,
    done,
    seconds,
    slices: perSecond,
    sliceSeconds: EMBEDDING_SLICE_SECONDS,
  };
  return {
    open,
    itemsPerSecond: Math.round((done / seconds) * 10) / 10,
    eta: pace.pausedBecause === null ? estimate(evidence) : null,
    limitedBy: limitOf(pace),
  };
}

function limitOf({ pausedBecause, throttled }: EmbeddingPace): Limit {
  const [by, says] = reasonOf(pausedBecause, throttled);
  return { by, says, entities: [] };
}

function reasonOf(pausedBecause: string | null, throttled: boolean): [Limit["by"], string] {
  if (pausedBecause === "money_cap")
    return ["money_cap", "the money cap is reached: raise EMBEDDING_CAP_USD"];
  if (pausedBecause === "throttled")
    return ["quota", "the provider throttles every call: it is asked again after a while"];
  if (pausedBecause === "unavailable")
    return ["provider", "the provider does not answer: it is asked again after a while"];
  if (pausedBecause !== null) return ["provider", "the provider refuses every call: look at its access"];
  return throttled
    ? ["quota", "the account's quota of requests or tokens a minute is used up"]
    : ["provider", "calls of the provider take their time: more embedders help while the quota bears it"];
}
