/** Rows a second since the run began. */
import { lazy, Suspense } from "preact/compat";
import { Ready } from "../parts/notice.tsx";
import { useLoad } from "../use-load.ts";

const Chart = lazy(async () => ({ default: (await import("../parts/chart.tsx")).ThroughputChart }));

/** `live`: the run goes on, so it is read again. */
export function Throughput({ runId, live }: { readonly runId: number; readonly live: boolean }) {
  const throughput = useLoad("GET /v1/runs/:id/throughput", { id: runId }, live ? 5_000 : undefined);
  return (
    <section class="card" aria-labelledby="throughput-title">
      <div class="card-head">
        <h2 id="throughput-title">Throughput</h2>
        <span class="soft small">rows a second</span>
      </div>
      <Ready of={throughput} what="the throughput">
        {(data) =>
          data.from === null ? (
            <p class="soft">No row was dealt with yet.</p>
          ) : (
            <Suspense fallback={<p class="soft">Drawing the chart…</p>}>
              <Chart of={data} />
            </Suspense>
          )
        }
      </Ready>
    </section>
  );
}
