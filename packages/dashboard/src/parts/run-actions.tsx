/** Pause, resume, cancel and start: those that the run's status allows. */
import type { Forecast, RunView } from "@nexus/contract";
import { change } from "../api.ts";
import { dollars } from "../words.ts";
import { Action } from "./action.tsx";

type Run = NonNullable<RunView["run"]>;

/** Whether a run keeps another one from starting. */
export function isActive({ status }: Pick<Run, "status">): boolean {
  return status === "planned" || status === "running" || status === "paused";
}

/** The buttons of a run; `undefined` is no run yet. */
export function RunActions({ run }: { readonly run: Run | undefined }) {
  if (run === undefined || !isActive(run)) return <Start />;
  const { id, status } = run;
  return (
    <div class="buttons">
      {status === "running" && <Pause id={id} />}
      {status === "paused" && <Resume id={id} />}
      <Action
        label="Cancel run"
        look="grave"
        title={`Cancel run ${id} for good?`}
        explains="What is in flight is finished, nothing after it is begun, and this run cannot go on. What is loaded stays; the next run goes on from there."
        act={async (reason) => {
          await change("POST /v1/runs/:id/cancel", { id }, { reason });
          return `Run ${id} is cancelled.`;
        }}
      />
    </div>
  );
}

function Pause({ id }: { readonly id: number }) {
  return (
    <Action
      label="Pause run"
      title={`Pause run ${id}`}
      explains="What is in flight is finished, nothing after it is begun. Embeddings go on."
      act={async (reason) => {
        await change("POST /v1/runs/:id/pause", { id }, { reason });
        return `Run ${id} is paused.`;
      }}
    />
  );
}

function Resume({ id }: { readonly id: number }) {
  return (
    <Action
      label="Resume run"
      look="first"
      title={`Resume run ${id}`}
      explains="It goes on where it was paused."
      act={async (reason) => {
        await change("POST /v1/runs/:id/resume", { id }, { reason });
        return `Run ${id} goes on.`;
      }}
    />
  );
}

function Start() {
  return (
    <Action
      label="Start a run"
      look="first"
      title="Start a run of all entities"
      explains="Everything in the source is read again; what has not changed is not written again. A backup of the target is your duty, and best made before, unless extractors take one (BACKUP=pg_dump)."
      act={async (reason) => {
        const { runId, forecast } = await change("POST /v1/runs", {}, { reason });
        return `Run ${runId} is started.${forecast === null ? "" : priceOf(forecast)}`;
      }}
    />
  );
}

/** What its embeddings cost, in a sentence after another, as far as that is known. */
function priceOf(forecast: Forecast): string {
  if (forecast.uncounted.length > 0)
    return " What its embeddings cost is not known before it has counted its rows; a forecast before a run tells it.";
  return forecast.costUsd === null
    ? ""
    : ` Its embeddings cost at most ${dollars(forecast.costUsd)}.`;
}
