/** The quota of the provider and the money cap, and how much of them is used. */
import type { Answer, Forecast } from "@nexus/contract";
import { count, dollars, duration, percent } from "../words.ts";

type State = Answer<"GET /v1/embeddings">;

interface BudgetProps {
  readonly state: State;
  readonly itemsPerSecond: number;
}

/** Until an embedder has written them down, there is nothing to say. */
export function Budget({ state: { budget, forecast }, itemsPerSecond }: BudgetProps) {
  return (
    <section class="card" aria-labelledby="budget-title">
      <h2 id="budget-title">Quota and money</h2>
      {budget === null ? (
        <p class="soft">No embedder has run yet: quota and price are unknown.</p>
      ) : (
        <Limits budget={budget} itemsPerSecond={itemsPerSecond} />
      )}
      {forecast.items > 0 && <ToCome of={forecast} />}
    </section>
  );
}

function Limits({
  budget,
  itemsPerSecond,
}: {
  readonly budget: NonNullable<State["budget"]>;
  readonly itemsPerSecond: number;
}) {
  const { capUsd, spentUsd, share } = budget;
  return (
    <>
      {capUsd === null ? (
        <p>
          {dollars(spentUsd)} spent since a run was started. There is no cap: set EMBEDDING_CAP_USD
          to have one.
        </p>
      ) : (
        <Meter
          name="Money since a run was started"
          used={spentUsd}
          of={capUsd}
          words={`${dollars(spentUsd)} of ${dollars(capUsd)}`}
        />
      )}
      <Meter
        name="Share of the quota that the provider bears now"
        used={share}
        of={1}
        words={percent(100 * share)}
      />
      <ul class="lines">
        <Limit name="Requests a minute" most={budget.requestsPerMinute} />
        <Limit name="Tokens a minute" most={budget.tokensPerMinute} />
        <li>
          <span class="soft">Content rows a minute now</span>
          <span>{count(60 * itemsPerSecond)}</span>
        </li>
      </ul>
    </>
  );
}

function Limit({ name, most }: { readonly name: string; readonly most: number | null }) {
  return (
    <li>
      <span class="soft">{name}</span>
      <span>{most === null ? "not limited" : `at most ${count(most)}`}</span>
    </li>
  );
}

interface MeterProps {
  readonly name: string;
  readonly used: number;
  readonly of: number;
  readonly words: string;
}

function Meter({ name, used, of, words }: MeterProps) {
  const share = of === 0 ? 1 : Math.min(1, used / of);
  return (
    <div class="meter">
      <p class="meter-head">
        <span class="soft">{name}</span>
        <span>{words}</span>
      </p>
      <div class="bar" aria-hidden="true">
        <span class="loaded" style={{ width: `${100 * share}%` }} />
      </div>
    </div>
  );
}

const BOUND: Readonly<Record<NonNullable<Forecast["boundBy"]>, string>> = {
  requests: " at the quota of requests",
  tokens: " at the quota of tokens",
  nothing: "",
};

/** What is still to be paid for, and waited for. */
function ToCome({ of }: { readonly of: Forecast }) {
  const { items, tokens, seconds, boundBy, costUsd, uncounted } = of;
  const wait =
    seconds === null ? "" : `, ${duration(seconds)}${boundBy === null ? "" : BOUND[boundBy]}`;
  const cost = costUsd === null ? "" : `, ${dollars(costUsd)}`;
  const known = `${count(items)} content rows, ${count(tokens)} tokens${cost}${wait}`;
  return (
    <p class="soft small">
      {uncounted.length === 0
        ? `Still to come, at most: ${known}.`
        : `Still to come: ${known}, and all of ${uncounted.join(", ")}: the run has not counted their rows yet.`}
    </p>
  );
}
