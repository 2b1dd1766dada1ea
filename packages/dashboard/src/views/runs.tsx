/** Runs and their history; one of them in full. */
import type { Answer } from "@nexus/contract";
import { Ready } from "../parts/notice.tsx";
import { Pager, usePages } from "../parts/pager.tsx";
import { RunActions } from "../parts/run-actions.tsx";
import { RunState } from "../parts/state.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { duration, instant, words } from "../words.ts";
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
              {items.length === 0 ? <p class="soft">No run was started yet.</p> : <Table items={items} />}
              <Pager pages={pages} next={next} turn={turn} />
            </>
          )}
        </Ready>
      </section>
    </>
  );
}

function Table({ items }: { readonly items: readonly RunFacts[] }) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Runs, a table that scrolls">
      <table>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Status</th>
            <th scope="col">Began</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Embeddings</th>
            <th scope="col">Ended with</th>
          </tr>
        </thead>
        <tbody>
          {items.map((run) => (
            <tr key={run.id}>
              <th scope="row">
                <a href={linkTo(["runs", run.id])}>Run {run.id}</a>
              </th>
              <td>
                <RunState status={run.status} />
              </td>
              <td class="soft">{instant(run.startedAt ?? run.createdAt)}</td>
              <td class="number">{tookOf(run)}</td>
              <td>{run.embeddings ? "with" : "without"}</td>
              <td>{run.errorCode === null ? <span class="soft">no error</span> : words(run.errorCode)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function tookOf({ startedAt, finishedAt }: RunFacts): string {
  if (startedAt === null) return "not begun";
  const end = finishedAt === null ? Date.now() : new Date(finishedAt).getTime();
  return duration((end - new Date(startedAt).getTime()) / 1_000);
}
