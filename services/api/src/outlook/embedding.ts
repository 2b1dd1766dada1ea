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
    limitedBy: limitOf(pace, done),
  };
}

/** Seconds after which something of what is offered must have been embedded. */
const PATIENCE = 30;

type Reason = readonly [by: Limit["by"], says: string];

/** Null: it is too early to tell. */
function limitOf(pace: EmbeddingPace, done: number): Limit | null {
  const reason = pauseOf(pace.pausedBecause) ?? paceOf(pace, done);
  if (reason === undefined) return null;
  const [by, says] = reason;
  return { by, says, entities: [] };
}

function pauseOf(because: string | null): Reason | undefined {
  if (because === null) return undefined;
  if (because === "money_cap")
    return [
      "money_cap",
      "the money cap is reached: raise EMBEDDING_CAP_USD, or start a run with embeddings: its bill begins at nothing",
    ];
  if (because === "throttled")
    return ["quota", "the provider throttles every call: it is asked again after a while"];
  if (because === "unavailable")
    return ["provider", "the provider does not answer: it is asked again after a while"];
  return ["provider", "the provider refuses every call: look at its access"];
}

/** More embedders help only where one is at work. */
function paceOf({ throttled, waitedSeconds }: EmbeddingPace, done: number): Reason | undefined {
  if (throttled) return ["quota", "the account's quota of requests or tokens a minute is used up"];
  if (done > 0)
    return [
      "provider",
      "calls of the provider take their time: more embedders help while the quota bears it",
    ];
  if (waitedSeconds < PATIENCE) return undefined;
  return [
    "no_embedder",
    "nothing was embedded in the last two minutes: is an embedder running, with EMBEDDINGS=on?",
  ];
}
