/** Trying rows again: those of one entity that failed, or that have an exception. */
import type { Given } from "@nexus/contract";
import { change } from "../api.ts";
import { counted, words } from "../words.ts";
import { Action } from "./action.tsx";

type Scope = Given<"POST /v1/entities/:entity/requeue">["body"]["scope"];

interface RequeueProps {
  readonly entity: string;
  readonly scope: Scope;
  /** Only exceptions of this reason. */
  readonly because?: string;
  readonly look?: string;
  /** Called when it is done. */
  readonly done?: () => void;
}

const WHAT: Readonly<Record<Scope, string>> = {
  failed: "what failed",
  rejected: "rejected rows",
  parked: "parked rows",
  all: "all rows",
};

/** A button that requeues. */
export function Requeue({ entity, scope, because, look, done }: RequeueProps) {
  const what = because === undefined ? WHAT[scope] : `${WHAT[scope]} (${words(because)})`;
  return (
    <Action
      label={because === undefined ? `Requeue ${WHAT[scope]}` : "Requeue"}
      about={because === undefined ? `of ${entity}` : `${what} of ${entity}`}
      {...(look === undefined ? {} : { look })}
      title={`Requeue ${what} of ${entity}`}
      explains="They are read from the source and tried again, with their neighbours in the same range. Mend the cause first, in the source or in the codes: the same row fails the same way twice."
      act={async (reason) => {
        const answer = await change(
          "POST /v1/entities/:entity/requeue",
          { entity },
          { scope, because, reason },
        );
        done?.();
        return inWords(answer.kind, answer.batches, entity);
      }}
    />
  );
}

function inWords(
  kind: "requeued" | "repair_started" | "nothing_to_requeue",
  ranges: number,
  entity: string,
): string {
  if (kind === "nothing_to_requeue") return `Nothing of ${entity} is there to be requeued.`;
  const how = kind === "requeued" ? "tried again in this run" : "tried again in a repair run";
  return `${counted(ranges, "range")} of ${entity} will be ${how}.`;
}
