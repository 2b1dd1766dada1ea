/** How far a run is, how long it takes, and what limits it. */
import type { Limit, RunView } from "@nexus/contract";
import { Bar, leftOf, OutcomeKeys } from "../parts/bar.tsx";
import { count, duration, interval, percent, sentence } from "../words.ts";

const LIMITS: Readonly<Record<Limit["by"], string>> = {
  source: "The source",
  target: "The target",
  queue_empty: "Nothing is offered",
  no_loader: "No loader",
  gate: "A closed gate",
  operator: "An operator",
  quota: "The quota",
  provider: "The provider",
  no_embedder: "No embedder",
  money_cap: "The money cap",
};

/** Done and left as figures, a bar and words; then speed, time and limit. */
export function RunProgress({ view }: { readonly view: RunView }) {
  const { totals, run } = view;
  return (
    <section class="card" aria-labelledby="progress-title">
      <h2 id="progress-title" class="unseen">
        Progress
      </h2>
      <p class="hero">
        <strong>{percent(totals.percent)}</strong>
        <span class="soft">
          {count(totals.expected - leftOf(totals))} of {count(totals.expected)} rows done,{" "}
          {count(leftOf(totals))} left
        </span>
      </p>
      <Bar of={totals} thick label={`${percent(totals.percent)} of the rows are dealt with`} />
      <OutcomeKeys of={totals} />
      {run?.mode === "delta" && (
        <p class="soft">
          A delta: {count(totals.unchanged ?? 0)} rows are as they were, and were not read.
        </p>
      )}
      <Stall of={view.stalled} />
      {run?.finishedAt === null ? <Outlook view={view} /> : <Sum closed={totals.sumClosed} />}
    </section>
  );
}

/** A run that should move and does not. */
function Stall({ of }: { readonly of: RunView["stalled"] }) {
  if (of === null || of === undefined) return null;
  return (
    <div class="notice bad" role="alert">
      <p>{sentence(of.says)}.</p>
    </div>
  );
}

function Outlook({ view: { rowsPerSecond, eta, limitedBy } }: { readonly view: RunView }) {
  return (
    <dl class="facts">
      <Fact
        name="Speed"
        figure={`${count(rowsPerSecond)} rows/s`}
        says="over the last half minute"
      />
      <Fact
        name="Time left"
        figure={eta === null ? "cannot be told" : `about ${duration(eta.seconds)}`}
        says={
          eta === null
            ? "nothing moves, or not all is planned yet"
            : `likely ${interval(eta.earliest, eta.latest)}`
        }
      />
      <Fact
        name="Limited by"
        figure={limitedBy === null ? "nothing in sight" : LIMITS[limitedBy.by]}
        says={
          limitedBy === null
            ? "it is too early to tell, or all is loaded"
            : sentence(limitedBy.says)
        }
      />
    </dl>
  );
}

/** A fact: what it is, its figure, and a line about it. */
export function Fact({
  name,
  figure,
  says,
}: {
  readonly name: string;
  readonly figure: string;
  readonly says: string;
}) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="figure">{figure}</dd>
      <dd class="soft small">{says}</dd>
    </div>
  );
}

/** What limits, in two or three words. */
export function limitName({ by }: Limit): string {
  return LIMITS[by];
}

function Sum({ closed }: { readonly closed: boolean }) {
  return (
    <p class="soft">
      {closed
        ? "The sum closes: every row that was read has exactly one outcome."
        : "The sum does not close: some rows that were read have no outcome."}
    </p>
  );
}
