/** Dify's knowledge bases: shown where there are any. */
import type { Answer } from "@nexus/contract";
import { change } from "../api.ts";
import { Action } from "../parts/action.tsx";
import { useLoad } from "../use-load.ts";
import { count, sentence, words } from "../words.ts";
import { EmbeddingBar } from "./embedding-summary.tsx";

type Filled = Answer<"GET /v1/dify">;

/** Nothing is said of Dify where it has no part. */
export function Dify() {
  const { data, reload } = useLoad("GET /v1/dify", {}, 5_000);
  if (data === undefined || (data.datasets === 0 && openIn(data) === 0)) return null;
  const { status, pausedBecause, items } = data;
  return (
    <section class="card" aria-labelledby="dify-title">
      <div class="card-head">
        <h2 id="dify-title">
          Dify: {status}
          {pausedBecause !== null && ` because ${words(pausedBecause)}`}
        </h2>
        <div class="buttons">
          <Again done={reload} />
        </div>
      </div>
      <EmbeddingBar done={items.done + items.empty} failed={items.failed} open={openIn(data)} />
      <Counts of={data} />
    </section>
  );
}

function openIn({ items }: Filled): number {
  return items.offered + items.open + items.indexing;
}

function Counts({ of }: { readonly of: Filled }) {
  const lines = [
    ["Knowledge bases, one for each practice", of.datasets],
    ["Content rows in them", of.items.done],
    ["Being indexed by Dify", of.items.indexing],
    ["Still to be sent", of.items.offered + of.items.open],
    ["Nothing to send", of.items.empty],
    ["Failed", of.items.failed],
  ] as const;
  return (
    <ul class="lines">
      {lines.map(([name, n]) => (
        <li key={name}>
          <span class="soft">{name}</span>
          <span>{count(n)}</span>
        </li>
      ))}
    </ul>
  );
}

function Again({ done }: { readonly done: () => void }) {
  return (
    <Action
      label="Send what failed again"
      look="slim"
      title="Send what failed to Dify again"
      explains="Content that Dify refused is offered to it again."
      act={async (reason) => {
        const { items } = await change("POST /v1/dify/backfill", {}, { scope: "failed", reason });
        done();
        return sentence(
          items === 0
            ? "there was nothing to send."
            : `${count(items)} content rows are sent again.`,
        );
      }}
    />
  );
}
