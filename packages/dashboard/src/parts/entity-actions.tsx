/** What can be done with an entity as it is now. */
import { type EntityView, isBlocked, type RunView } from "@nexus/contract";
import { change } from "../api.ts";
import { Action } from "./action.tsx";
import { Requeue } from "./requeue.tsx";
import { isActive } from "./run-actions.tsx";

interface EntityActionsProps {
  readonly of: EntityView;
  readonly run: RunView["run"];
}

/** The buttons; none where nothing fits. */
export function EntityActions({ of, run }: EntityActionsProps) {
  const { entity, batches, rejected, errorCode } = of;
  const unsaved = isBlocked(of) && errorCode?.startsWith("backup_") === true;
  const active = run !== null && isActive(run);
  return (
    <div class="buttons">
      {(batches.failed > 0 || unsaved) && <Requeue entity={entity} scope="failed" look="first" />}
      {rejected > 0 && <Requeue entity={entity} scope="rejected" />}
      {isBlocked(of) && <Waive entity={entity} />}
      {active ? null : <StartEntity entity={entity} />}
    </div>
  );
}

function Waive({ entity }: { readonly entity: string }) {
  return (
    <Action
      label="Waive"
      look="grave"
      title={`Let the children of ${entity} go on?`}
      explains={`What failed stays failed. Children whose row of ${entity} is missing are parked until it is there.`}
      act={async (reason) => {
        await change("POST /v1/entities/:entity/waive", { entity }, { reason });
        return `${entity} is waived: its children go on.`;
      }}
    />
  );
}

function StartEntity({ entity }: { readonly entity: string }) {
  return (
    <Action
      label={`Run ${entity} alone`}
      title={`Start a run of ${entity} alone`}
      explains="Its rows are read again; links are resolved against what is in the target."
      act={async (reason) => {
        const { runId } = await change("POST /v1/entities/:entity/start", { entity }, { reason });
        return `Run ${runId} of ${entity} is started.`;
      }}
    />
  );
}
