/** Embeddings against their quota and their money. */
import type { Answer, RunView } from "@nexus/contract";
import { change } from "../api.ts";
import { Action } from "../parts/action.tsx";
import { Ready } from "../parts/notice.tsx";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { count, percent, sentence, words } from "../words.ts";
import { Budget } from "./budget.tsx";
import { Dify } from "./dify.tsx";
import { EmbeddingBar, timeLeft } from "./embedding-summary.tsx";
import { Fact, limitName } from "./run-progress.tsx";
import { Usage, UsageByDay } from "./usage.tsx";

type State = Answer<"GET /v1/embeddings">;

/** `#/embeddings` */
export function Embeddings() {
  const { view } = useSurroundings();
  const embeddings = useLoad("GET /v1/embeddings", {}, 3_000);
  return (
    <>
      <div class="headline">
        <div>
          <h1>Embeddings</h1>
          <p>They go on beside the runs and after them; a run never waits for them.</p>
        </div>
        <div class="buttons">
          <Backfill scope="failed" done={embeddings.reload} />
          <Backfill scope="missing" done={embeddings.reload} />
        </div>
      </div>
      <Ready of={embeddings} what="the embeddings">
        {(state) => (
          <>
            <Progress state={state} outlook={view?.embedding} />
            <div class="two">
              <Budget state={state} itemsPerSecond={view?.embedding.itemsPerSecond ?? 0} />
              <Usage state={state} />
            </div>
            <UsageByDay days={state.days} />
          </>
        )}
      </Ready>
      <Dify />
    </>
  );
}

interface ProgressProps {
  readonly state: State;
  readonly outlook: RunView["embedding"] | undefined;
}

function Progress({ state, outlook }: ProgressProps) {
  const { status, pausedBecause, items } = state;
  const looked = items.done + items.empty + items.failed;
  const whole = looked + items.open;
  return (
    <section class="card" aria-labelledby="state-title">
      <h2 id="state-title">
        {sentence(status)}
        {pausedBecause !== null && `: ${words(pausedBecause)}`}
      </h2>
      {status === "unavailable" ? (
        <p class="soft">
          The target has no table for vectors: install pgvector and run nexus migrate again.
        </p>
      ) : (
        <>
          <p class="hero">
            <strong>{percent(whole === 0 ? 100 : (100 * looked) / whole)}</strong>
            <span class="soft">
              {count(looked)} of {count(whole)} content rows done, {count(items.open)} left
            </span>
          </p>
          <EmbeddingBar done={items.done + items.empty} failed={items.failed} open={items.open} />
          <Outcomes items={items} />
          <Outlook items={items} outlook={outlook} />
        </>
      )}
    </section>
  );
}

function Outcomes({ items }: Pick<State, "items">) {
  return (
    <dl class="keys">
      <div>
        <dt class="key loaded">embedded</dt>
        <dd>{count(items.done)}</dd>
      </div>
      <div>
        <dt>nothing to embed</dt>
        <dd>{count(items.empty)}</dd>
      </div>
      <div>
        <dt class="key rejected">failed</dt>
        <dd>{count(items.failed)}</dd>
      </div>
      <div>
        <dt class="key left">still to do</dt>
        <dd>{count(items.open)}</dd>
      </div>
    </dl>
  );
}

function Outlook({ items, outlook }: Pick<State, "items"> & Pick<ProgressProps, "outlook">) {
  const limit = outlook?.limitedBy ?? null;
  return (
    <dl class="facts">
      <Fact
        name="Speed"
        figure={`${outlook?.itemsPerSecond ?? 0} rows/s`}
        says="over the last two minutes"
      />
      <Fact
        name="Time left"
        figure={timeLeft(items.open, outlook?.eta ?? null)}
        says="four of five ends lie in it"
      />
      <Fact
        name="Limited by"
        figure={limit === null ? "nothing" : limitName(limit)}
        says={limit === null ? "nothing is left to embed" : sentence(limit.says)}
      />
    </dl>
  );
}

function Backfill({
  scope,
  done,
}: {
  readonly scope: "missing" | "failed";
  readonly done: () => void;
}) {
  return (
    <Action
      label={scope === "failed" ? "Embed what failed again" : "Embed what is missing"}
      title={scope === "failed" ? "Embed what failed again" : "Embed what is missing"}
      explains="Content is offered to the embedder again. Equal text of a practice is not paid for twice."
      act={async (reason) => {
        const { items } = await change("POST /v1/embeddings/backfill", {}, { scope, reason });
        done();
        return items === 0
          ? "There was nothing to offer."
          : `${count(items)} content rows are offered to the embedder.`;
      }}
    />
  );
}
