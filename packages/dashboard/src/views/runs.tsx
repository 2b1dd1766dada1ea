/** Runs and their history; one of them in full. */
import type { Answer } from "@nexus/contract";
import { Ready } from "../parts/notice.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
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
  const [pages, turn] = usePages("runs");
  const runs = useLoad("GET /v1/runs", { limit: 50, cursor: pages.at(-1) }, 5_000);
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
        <Ready of={runs} what="the runs">
          {({ items, next }) => (
            <>
              {items.length === 0 ? (
                <p class="soft">No run was started yet.</p>
              ) : (
                <ul class="lines">
                  {items.map((run) => (
                    <Line key={run.id} run={run} />
                  ))}
                </ul>
              )}
              <Pager pages={pages} next={next} turn={turn} />
            </>
          )}
        </Ready>
      </section>
    </>
  );
}

function Line({ run }: { readonly run: RunFacts }) {
  return (
    <li>
      <span>
        <a href={linkTo(["runs", run.id])}>Run {run.id}</a> <RunState status={run.status} />
        <br />
        <span class="soft small">{whenOf(run)}</span>
      </span>
      {run.errorCode !== null && <span class="end state bad">{words(run.errorCode)}</span>}
    </li>
  );
}
