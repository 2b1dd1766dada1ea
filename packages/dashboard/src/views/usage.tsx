/** What embedding came to: in all, and day by day. */
import type { Answer } from "@nexus/contract";
import { lazy, Suspense } from "preact/compat";
import { useMemo, useState } from "preact/hooks";
import type { Bars } from "../parts/chart.tsx";
import { count, dollars, percent } from "../words.ts";

type State = Answer<"GET /v1/embeddings">;
type Day = State["days"][number];

const BarChart = lazy(async () => ({ default: (await import("../parts/chart.tsx")).BarChart }));

/** All that was ever paid for, and what is there for it. */
export function Usage({ state: { usage, vectors, index } }: { readonly state: State }) {
  const lines = [
    ["Vectors", count(vectors)],
    ["Calls of the provider", count(usage.calls)],
    ["Calls that it throttled", count(usage.throttled)],
    ["Tokens", count(usage.tokens)],
    ["Spent, over all time", dollars(usage.costUsd)],
    [
      "Index for search",
      index.percent === null ? index.state : `${index.state}, ${percent(index.percent)}`,
    ],
  ] as const;
  return (
    <section class="card" aria-labelledby="usage-title">
      <h2 id="usage-title">Used so far</h2>
      <ul class="lines">
        {lines.map(([name, figure]) => (
          <li key={name}>
            <span class="soft">{name}</span>
            <span>{figure}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const MEASURES = {
  calls: { name: "Calls", of: ({ calls }: Day) => calls, words: count },
  tokens: { name: "Tokens", of: ({ tokens }: Day) => tokens, words: count },
  cost: { name: "Cost", of: ({ costUsd }: Day) => costUsd, words: dollars },
} as const;
type Measure = keyof typeof MEASURES;
const NAMES: readonly Measure[] = ["calls", "tokens", "cost"];

/** One measure of each day as a bar. Nothing before the first call. */
export function UsageByDay({ days }: Pick<State, "days">) {
  const [measure, show] = useState<Measure>("calls");
  if (days.length === 0) return null;
  return (
    <section class="card" aria-labelledby="days-title">
      <div class="card-head">
        <h2 id="days-title">Used by day</h2>
        <div class="buttons" role="group" aria-label="What is drawn">
          {NAMES.map((one) => (
            <button
              key={one}
              type="button"
              class="button slim"
              aria-pressed={one === measure}
              onClick={() => show(one)}
            >
              {MEASURES[one].name}
            </button>
          ))}
        </div>
      </div>
      <Chart days={days} measure={measure} />
    </section>
  );
}

function Chart({ days, measure }: Pick<State, "days"> & { readonly measure: Measure }) {
  const key = JSON.stringify(days);
  const bars = useMemo(() => barsOf(JSON.parse(key), measure), [key, measure]);
  return (
    <Suspense fallback={<p class="soft">Drawing the chart…</p>}>
      <BarChart of={bars} />
    </Suspense>
  );
}

const DAY = 86_400;
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

function barsOf(days: readonly Day[], measure: Measure): Bars {
  const { name, of, words } = MEASURES[measure];
  const heights = days.map(of);
  const last = days.at(-1);
  const total = words(heights.reduce((sum, one) => sum + one, 0));
  return {
    at: days.map(({ day }) => Date.parse(day) / 1_000 + DAY / 2),
    step: DAY,
    heights,
    height: words,
    time: (seconds) => date.format(new Date(seconds * 1_000)),
    says: `${name} by day (UTC): ${total} on ${count(days.length)} days${last === undefined ? "" : `, ${words(of(last))} on the last, ${last.day}`}.`,
  };
}
