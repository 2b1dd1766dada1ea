/** A status as a word with a mark of its own shape and colour. */
import { type EntityView, isWaived, type RunView } from "@nexus/contract";

type RunStatus = NonNullable<RunView["run"]>["status"];
type Tone = "done" | "moves" | "bad" | "held" | "rests";

const ENTITY: Readonly<Record<EntityView["status"], Tone>> = {
  waiting: "rests",
  planning: "moves",
  planned: "rests",
  loading: "moves",
  settling: "moves",
  complete: "done",
  blocked: "bad",
  skipped: "rests",
  cancelled: "rests",
  rolled_back: "rests",
};

const RUN: Readonly<Record<RunStatus, Tone>> = {
  planned: "rests",
  running: "moves",
  paused: "held",
  completed: "done",
  failed: "bad",
  cancelled: "rests",
  rolled_back: "rests",
};

const TASK = {
  open: "moves",
  done: "done",
  failed: "bad",
  cancelled: "rests",
} as const satisfies Readonly<Record<string, Tone>>;

/** How an entity's status looks. */
export function toneOf(entity: Pick<EntityView, "status" | "waived">): Tone {
  return isWaived(entity) ? "held" : ENTITY[entity.status];
}

/** What an entity's status is called: one that is planned waits at its gate. */
export function nameOf(entity: EntityView): string {
  if (isWaived(entity)) return "waived";
  return entity.status === "planned" && entity.waitingFor.length > 0
    ? "gate closed"
    : entity.status;
}

/** An entity's status. */
export function EntityState({ of }: { readonly of: EntityView }) {
  return <span class={`state ${toneOf(of)}`}>{nameOf(of)}</span>;
}

/** A run's status. */
export function RunState({ status }: { readonly status: RunStatus }) {
  return <span class={`state ${RUN[status]}`}>{status.replace("_", " ")}</span>;
}

/** The status of what an extractor is asked to do. */
export function TaskState({ status }: { readonly status: keyof typeof TASK }) {
  return <span class={`state ${TASK[status]}`}>{status}</span>;
}
