/** Asking for an adoption, taking one back and giving one up. */
import type { Answer, RunView } from "@nexus/contract";
import { change } from "../api.ts";
import { linkTo } from "../router.ts";
import { Action } from "./action.tsx";
import { isActive } from "./run-actions.tsx";

type Facts = Answer<"GET /v1/adoptions">["items"][number];
type Kind = Facts["kind"];

/** What each kind is called after its number. */
export const KIND: Readonly<Record<Kind, string>> = {
  plan: "plan",
  adopt: "keys given",
  undo: "keys taken back",
};

interface AdoptionActionsProps {
  readonly run: RunView["run"];
  /** The newest; undefined where there was none yet. */
  readonly newest: Pick<Facts, "id" | "status"> | undefined;
  readonly done: () => void;
}

/** The buttons that fit; while a run is active, why there are none. */
export function AdoptionActions({ run, newest, done }: AdoptionActionsProps) {
  if (newest?.status === "open") return <CancelAdoption id={newest.id} done={done} />;
  if (run !== null && isActive(run))
    return <p class="soft">Run {run.id} is active: adoptions wait until it is over.</p>;
  return (
    <div class="buttons">
      {newest !== undefined && <Order kind="undo" look="grave" done={done} />}
      <Order kind="adopt" done={done} />
      <Order kind="plan" look="first" done={done} />
    </div>
  );
}

/** Gives up the adoption that is open. */
export function CancelAdoption({ id, done }: { readonly id: number; readonly done: () => void }) {
  return (
    <div class="buttons">
      <Action
        label="Cancel adoption"
        look="grave"
        title={`Cancel adoption ${id} for good?`}
        explains="The range that is being written is finished, nothing is written after it. Keys that it has given stay, until they are taken back."
        act={async (reason) => {
          await change("POST /v1/adoptions/:id/cancel", { id }, { reason });
          done();
          return `Adoption ${id} is cancelled.`;
        }}
      />
    </div>
  );
}

const ORDERS: Readonly<
  Record<Kind, { readonly label: string; readonly title: string; readonly explains: string }>
> = {
  plan: {
    label: "Plan an adoption",
    title: "Plan an adoption",
    explains:
      "An extractor finds out which rows of the target are known, by which key, and what the first run would change in them. No table of the target is written.",
  },
  adopt: {
    label: "Adopt",
    title: "Give known rows their legacy keys?",
    explains:
      "Keys are looked for as in a plan without choices: what only nexus adopt can say (--key, --namespace, --keep) is not used. No id changes and nobody is merged. It can be undone until the next run begins.",
  },
  undo: {
    label: "Undo",
    title: "Take back the keys that were given since the newest run began?",
    explains: "These rows have no legacy key again, and no run is let in before that is decided.",
  },
};

interface OrderProps {
  readonly kind: Kind;
  readonly look?: string;
  readonly done: () => void;
}

function Order({ kind, look, done }: OrderProps) {
  return (
    <Action
      {...ORDERS[kind]}
      {...(look === undefined ? {} : { look })}
      act={async (reason) => {
        const { id } = await change("POST /v1/adoptions", {}, { kind, reason });
        done();
        location.hash = linkTo(["adoptions", id]);
        return `Adoption ${id} is asked for: an extractor does it.`;
      }}
    />
  );
}
