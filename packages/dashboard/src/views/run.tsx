/** One run, entity by entity. */
import type { EntityView, RunView } from "@nexus/contract";
import { Bar, leftOf } from "../parts/bar.tsx";
import { Ready } from "../parts/notice.tsx";
import { ReportLinks } from "../parts/report-links.tsx";
import { type Head, ScrollingTable } from "../parts/scrolling-table.tsx";
import { EntityState, RunState } from "../parts/state.tsx";
import { useLoad } from "../use-load.ts";
import { linkTo } from "../router.ts";
import { count, counted, percent, words } from "../words.ts";
import { whenOf } from "./overview.tsx";
import { Backups } from "./backups.tsx";
import { RunProgress } from "./run-progress.tsx";
import { Throughput } from "./throughput.tsx";

/** `#/runs/12` */
export function Run({ id }: { readonly id: number }) {
  const run = useLoad("GET /v1/runs/:id", { id }, 5_000);
  return (
    <Ready of={run} what={`run ${id}`}>
      {(view) =>
        view.run === null ? (
          <p class="soft">There is no such run.</p>
        ) : (
          <>
            <div class="headline">
              <div>
                <h1>
                  Run {id} <RunState status={view.run.status} />
                </h1>
                <p>
                  {whenOf(view.run)}
                  {view.run.errorCode !== null && `; ended with ${words(view.run.errorCode)}`}
                  <Verified by={view.verification} />
                </p>
              </div>
              <a href="#/runs">All runs</a>
              <ReportLinks runId={id} />
            </div>
            <RunProgress view={view} />
            <Entities entities={view.entities} />
            <Backups of={view} />
            <Throughput runId={id} live={view.run.finishedAt === null} />
          </>
        )
      }
    </Ready>
  );
}

/** The verification that extractors make by themselves after the run. */
function Verified({ by }: { readonly by: RunView["verification"] }) {
  if (by === undefined || by === null) return null;
  if (by.id === null) return <>; it is verified once it is completed</>;
  const { id, status, differences, pending } = by;
  return (
    <>
      ; <a href={linkTo(["verifications", id])}>verification {id}</a> {status}:{" "}
      {counted(differences, "difference")}
      {pending > 0 && `, vectors of ${counted(pending, "row")} pending`}
    </>
  );
}

const COUNTS = ["expected", "loaded", "rejected", "parked", "excluded"] as const;
const HEADS: readonly Head[] = [
  "Entity",
  "Status",
  "Progress",
  ...[...COUNTS, "left", "gone"].map((number) => ({ number })),
];

function Entities({ entities }: { readonly entities: readonly EntityView[] }) {
  return (
    <section class="card" aria-labelledby="entities-title">
      <h2 id="entities-title">Rows by entity</h2>
      <ScrollingTable of="Entities" heads={HEADS}>
        {entities.map((one) => (
          <Line key={one.entity} of={one} />
        ))}
      </ScrollingTable>
    </section>
  );
}

function Line({ of }: { readonly of: EntityView }) {
  return (
    <tr>
      <th scope="row">{words(of.entity)}</th>
      <td>
        <EntityState of={of} />
      </td>
      <td class="progress-cell">
        {percent(of.percent)}
        <Bar of={of} />
      </td>
      {COUNTS.map((name) => (
        <td key={name} class="number">
          {count(of[name])}
        </td>
      ))}
      <td class="number">{count(leftOf(of))}</td>
      <td class="number">{count(of.gone ?? 0)}</td>
    </tr>
  );
}
