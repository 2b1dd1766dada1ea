/** Verifications: whether the target is what a second bookkeeping expects of the source. */
import type { Answer } from "@nexus/contract";
import { change } from "../api.ts";
import { Action } from "../parts/action.tsx";
import { usePages } from "../parts/pager.tsx";
import { PagedList } from "../parts/pages.tsx";
import { isActive } from "../parts/run-actions.tsx";
import { TaskState } from "../parts/state.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { count, counted, timesOf, words } from "../words.ts";
import { Verification } from "./verification.tsx";

type Facts = Answer<"GET /v1/verifications">["items"][number];

/** `#/verifications` and `#/verifications/3` */
export function Verifications() {
  const { path } = usePlace();
  const id = Number(path[1]);
  return path[1] === undefined ? <History /> : <Verification id={Number.isInteger(id) ? id : 0} />;
}

function History() {
  const turning = usePages("verifications");
  const all = useLoad("GET /v1/verifications", { limit: 50, cursor: turning[0].at(-1) }, 3_000);
  return (
    <>
      <div class="headline">
        <div>
          <h1>Verifications</h1>
          <p>
            The mapping is written down twice. A verification compares the target with what the
            second one expects of the source, row by row and column by column.
          </p>
        </div>
        <Start done={all.reload} />
      </div>
      <section class="card" aria-label="All verifications">
        <PagedList
          of={all}
          what="the verifications"
          none="Nothing was verified yet."
          turning={turning}
          line={(one) => <Line key={one.id} of={one} />}
        />
      </section>
    </>
  );
}

/** While a run is active, why there is no button. */
function Start({ done }: { readonly done: () => void }) {
  const { view } = useSurroundings();
  if (view === undefined) return null;
  const { run } = view;
  if (run !== null && isActive(run))
    return <p class="soft">Run {run.id} is active: a verification waits until it is over.</p>;
  return (
    <div class="buttons">
      <Action
        label="Verify everything"
        look="first"
        title="Verify every row of every entity"
        explains="An extractor reads both databases and writes to the ledger only: keys, columns and kinds of differences, never a value."
        act={async (reason) => {
          const { id } = await change("POST /v1/verifications", {}, { reason });
          done();
          location.hash = linkTo(["verifications", id]);
          return `Verification ${id} is asked for: an extractor does it.`;
        }}
      />
    </div>
  );
}

function Line({ of }: { readonly of: Facts }) {
  const { id, status, differences, errorCode } = of;
  return (
    <li>
      <span>
        <a href={linkTo(["verifications", id])}>Verification {id}</a> <TaskState status={status} />
        <br />
        <span class="soft small">
          {timesOf(of)}
          {unknownOf(of)}
        </span>
      </span>
      <span class={`end state ${differences > 0 || errorCode !== null ? "bad" : "rests"}`}>
        {errorCode === null ? foundBy(of) : words(errorCode)}
      </span>
    </li>
  );
}

function foundBy({ status, differences }: Facts): string {
  return `${counted(differences, "difference")}${status === "open" ? " so far" : ""}`;
}

/** What a verification says nothing of. */
function unknownOf({ pending, notVerified }: Facts): string {
  const vectors = pending === 0 ? "" : `; vectors of ${counted(pending, "row")} pending`;
  if (notVerified === 0) return vectors;
  return `${vectors}; ${count(notVerified)} ${notVerified === 1 ? "entity" : "entities"} not verified`;
}
