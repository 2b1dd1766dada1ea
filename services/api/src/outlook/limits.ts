/** What keeps a run from going faster, or from going on: the first rule that fits. Pure. */
import type { Limit } from "@nexus/contract";
import {
  type EntityProgress,
  type Hold,
  holdInWords,
  holdsAll,
  type SourcePause,
} from "@nexus/shared/ledger";
import { isBlocked, type RunStatus } from "@nexus/shared/states";

export interface Situation {
  readonly run: RunStatus;
  readonly entities: readonly (Pick<EntityProgress, "entity" | "status" | "waived"> & {
    /** Parents that are not settled. */
    readonly waitingFor: readonly string[];
  })[];
  /** Batches of entities that load: how many are queued, and whether some wait to be enqueued. */
  readonly queued: number;
  readonly planned: boolean;
  /** Batches finished in the last half minute, and the share of their time that went into reading the source. */
  readonly finished: number;
  readonly sourceShare: number;
  /** Servers that refuse at the moment. */
  readonly holds: readonly Hold[];
  /** It is a delta that waits for the source to answer faster; undefined: it does not. */
  readonly spared?: SourcePause | undefined;
  /** Seconds since the first entity opened. */
  readonly seconds: number;
}

/** Seconds in which something that loads must have finished a batch. */
const PATIENCE = 30;

/** Null: nothing is left, or it cannot be told yet. */
export function limitOf(situation: Situation): Limit | null {
  const { run } = situation;
  if (run === "paused") return says("operator", "the run is paused: resume it");
  if (situation.spared !== undefined) return says("source", sparing(situation.spared));
  const hold = run === "planned" || run === "running" ? weightiest(situation.holds) : undefined;
  if (hold !== undefined) return says(hold.server, inOneSentence(hold));
  if (run === "planned")
    return says("queue_empty", "no extractor has begun it yet: is one running?");
  if (run !== "running") return null;
  return having(situation, "loading").length > 0
    ? limitOfLoading(situation)
    : limitOfWaiting(situation);
}

function sparing({ ms, limitMs, seconds }: SourcePause): string {
  return `the source is spared, for ${seconds} s so far: it answers in ${ms} ms, more than the ${limitMs} ms of SYNC_SOURCE_LATENCY; the delta goes on when it is faster`;
}

/** What holds up all of the run comes before what holds up a part of it. */
function weightiest(holds: readonly Hold[]): Hold | undefined {
  return holds.find(({ code }) => holdsAll(code)) ?? holds[0];
}

function inOneSentence(hold: Hold): string {
  const { says, next } = holdInWords(hold);
  return `${says}: ${next}`;
}

function limitOfLoading({
  finished,
  queued,
  planned,
  seconds,
  sourceShare,
}: Situation): Limit | null {
  if (finished === 0) {
    if (seconds < PATIENCE) return null;
    return queued > 0
      ? says(
          "no_loader",
          "batches are on offer, and none was finished for half a minute: is a loader running?",
        )
      : says("queue_empty", "no batch is on offer: is an extractor running?");
  }
  if (queued === 0 && planned)
    return says(
      "queue_empty",
      "loaders wait for batches: raise HIGH_WATER, or look at the extractor",
    );
  const share = Math.round(100 * sourceShare);
  return share > 50
    ? says("source", `${share} % of the loaders' time goes into reading the source`)
    : says("target", `${100 - share} % of the loaders' time goes into the target`);
}

function limitOfWaiting(situation: Situation): Limit | null {
  if (having(situation, "settling").length > 0)
    return says("target", "sums and constraints are being checked");
  if (having(situation, "waiting", "planning").length > 0)
    return says("source", "the source is being cut into batches");
  const blocked = situation.entities.filter(isBlocked);
  const gates = having(situation, "planned").flatMap(({ waitingFor }) => waitingFor);
  const parents = [...new Set([...blocked.map(({ entity }) => entity), ...gates])];
  if (parents.length === 0) return null;
  const blockers = blocked.map(({ entity }) => entity).join(", ");
  return says(
    "gate",
    blocked.length > 0
      ? `${blockers} is blocked: requeue or waive it`
      : `it waits for ${parents.join(", ")}`,
    parents,
  );
}

function having({ entities }: Situation, ...statuses: readonly string[]) {
  return entities.filter(({ status }) => statuses.includes(status));
}

function says(by: Limit["by"], says: string, entities: readonly string[] = []): Limit {
  return { by, says, entities: [...entities] };
}
