/** One screen: what is done, what is left, why it is not faster, what failed, and what was done by whom. */
import type { RunView } from "@nexus/contract";
import { Graph } from "../parts/graph.tsx";
import { ReportLinks } from "../parts/report-links.tsx";
import { RunActions } from "../parts/run-actions.tsx";
import { RunState } from "../parts/state.tsx";
import { useSurroundings } from "../surroundings.ts";
import { duration, instant } from "../words.ts";
import { AccountSummary } from "./account-summary.tsx";
import { Attention } from "./attention.tsx";
import { EmbeddingSummary } from "./embedding-summary.tsx";
import { Following } from "./following.tsx";
import { LatestChanges } from "./latest-changes.tsx";
import { RunProgress } from "./run-progress.tsx";
import { Throughput } from "./throughput.tsx";
import { VerifiedEntities } from "./verified-entities.tsx";

/** The view that opens first. */
export function Overview() {
  const { view } = useSurroundings();
  if (view === undefined) return <p class="soft">Reading the progress…</p>;
  if (view.run === null) return <NoRun />;
  return <OfRun view={view} run={view.run} />;
}

function NoRun() {
  return (
    <div class="card">
      <h1>Nothing was migrated yet</h1>
      <p class="soft">
        A run moves every entity from the legacy database to the target, parents first.
      </p>
      <RunActions run={undefined} />
    </div>
  );
}

function OfRun({
  view,
  run,
}: {
  readonly view: RunView;
  readonly run: NonNullable<RunView["run"]>;
}) {
  return (
    <>
      <div class="headline">
        <div>
          <h1>
            Run {run.id} <RunState status={run.status} />
          </h1>
          <p>{whenOf(run)}</p>
        </div>
        <RunActions run={run} />
        <ReportLinks runId={run.id} />
      </div>
      <RunProgress view={view} />
      <Following />
      <section class="card" aria-labelledby="graph-title">
        <h2 id="graph-title">Entities and their gates</h2>
        <Graph entities={view.entities} />
      </section>
      <VerifiedEntities entities={view.entities} />
      <div class="two">
        <Attention of={view} />
        <LatestChanges />
      </div>
      <div class="two">
        <Throughput runId={run.id} live={run.finishedAt === null} />
        <EmbeddingSummary outlook={view.embedding} />
      </div>
      <AccountSummary of={view.accounts} />
    </>
  );
}

/** When a run began and ended, in a sentence. */
export function whenOf({
  createdAt,
  startedAt,
  finishedAt,
  embeddings,
}: NonNullable<RunView["run"]>): string {
  const began =
    startedAt === null ? `Ordered ${instant(createdAt)}, not begun` : `Began ${instant(startedAt)}`;
  const ended =
    finishedAt === null ? "" : `, ended ${instant(finishedAt)}${after(startedAt, finishedAt)}`;
  return `${began}${ended}; ${embeddings ? "with" : "without"} embeddings`;
}

function after(startedAt: string | null, finishedAt: string): string {
  if (startedAt === null) return "";
  return ` after ${duration((Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000)}`;
}
