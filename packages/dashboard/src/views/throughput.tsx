/** Rows a second since the run began. */
import type { Answer } from "@nexus/contract";
import { lazy, Suspense } from "preact/compat";
import { useMemo } from "preact/hooks";
import type { Bars } from "../parts/chart.tsx";
import { Ready } from "../parts/notice.tsx";
import { useLoad } from "../use-load.ts";
import { count } from "../words.ts";

const BarChart = lazy(async () => ({ default: (await import("../parts/chart.tsx")).BarChart }));

/** `live`: the run goes on, so it is read again. */
export function Throughput({ runId, live }: { readonly runId: number; readonly live: boolean }) {
  const throughput = useLoad(
    "GET /v1/runs/:id/throughput",
    { id: runId },
    live ? 5_000 : undefined,
  );
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
            <Chart of={data} from={data.from} />
          )
        }
      </Ready>
    </section>
  );
}

interface ChartProps {
  readonly of: Answer<"GET /v1/runs/:id/throughput">;
  readonly from: string;
}

/** Each slice is a bar: what was done in it. */
function Chart({ of, from }: ChartProps) {
  const bars = useMemo((): Bars => {
    const start = Date.parse(from) / 1_000;
    const heights = of.slices.map((rows) => rows / of.sliceSeconds);
    return {
      at: heights.map((_, n) => start + (n + 0.5) * of.sliceSeconds),
      step: of.sliceSeconds,
      heights,
      time: clock,
      says: `Rows a second over the run's time: at most ${count(Math.max(0, ...heights))}, in the end ${count(heights.at(-1) ?? 0)}.`,
    };
  }, [of, from]);
  return (
    <Suspense fallback={<p class="soft">Drawing the chart…</p>}>
      <BarChart of={bars} />
    </Suspense>
  );
}

const hours = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

function clock(seconds: number): string {
  const text = hours.format(new Date(seconds * 1_000));
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}
