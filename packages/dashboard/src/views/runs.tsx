/** Runs and their history; one of them in full. */
import type { Answer } from "@nexus/contract";
import { PagedList } from "../parts/pages.tsx";
import { usePages } from "../parts/pager.tsx";
import { RunActions } from "../parts/run-actions.tsx";
import { RunState } from "../parts/state.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { words } from "../words.ts";
import { whenOf } from "./overview.tsx";
import { Run } from "./run.tsx";

type RunFacts = Answer<"GET /v1/runs">["items"][number];

/** `#/runs` and `#/runs/12` */
export function Runs() {
  const { path } = usePlace();
  const id = Number(path[1]);
  return path[1] === undefined ? <History /> : <Run id={Number.isInteger(id) ? id : 0} />;
}

function History() {
  const { view } = useSurroundings();
  const turning = usePages("runs");
  const runs = useLoad("GET /v1/runs", { limit: 50, cursor: turning[0].at(-1) }, 5_000);
  return (
    <>
      <div class="headline">
        <div>
          <h1>Runs</h1>
          <p>The newest first. One run is active at a time.</p>
        </div>
        {view !== undefined && <RunActions run={view.run ?? undefined} />}
      </div>
      <section class="card" aria-label="All runs">
        <PagedList
          of={runs}
          what="the runs"
          none="No run was started yet."
          turning={turning}
          line={(run) => <Line key={run.id} run={run} />}
        />
      </section>
    </>
  );
}

function Line({ run }: { readonly run: RunFacts }) {
  return (
    <li>
      <span>
        <a href={linkTo(["runs", run.id])}>Run {run.id}</a> <RunState status={run.status} />
        {run.mode === "delta" && " delta"}
        <br />
        <span class="soft small">{whenOf(run)}</span>
      </span>
      {run.errorCode !== null && <span class="end state bad">{words(run.errorCode)}</span>}
    </li>
  );
}
