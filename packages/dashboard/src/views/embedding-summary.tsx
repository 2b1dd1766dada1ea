/** Embeddings in short: how many, how long, how much. */
import type { RunView } from "@nexus/contract";
import { Ready } from "../parts/notice.tsx";
import { useLoad } from "../use-load.ts";
import { count, dollars, interval, sentence } from "../words.ts";

/** Beside the run: embeddings go on after it. */
export function EmbeddingSummary({ outlook }: { readonly outlook: RunView["embedding"] }) {
  const embeddings = useLoad("GET /v1/embeddings", {}, 5_000);
  const { eta, limitedBy } = outlook;
  return (
    <section class="card" aria-labelledby="embedding-title">
      <div class="card-head">
        <h2 id="embedding-title">Embeddings</h2>
        <a href="#/embeddings">Quota and cost</a>
      </div>
      <Ready of={embeddings} what="the embeddings">
        {({ status, items, usage, budget }) => (
          <>
            <EmbeddingBar done={items.done + items.empty} failed={items.failed} open={items.open} />
            <ul class="lines">
              <li>
                <span class="soft">{sentence(status)}</span>
                <span>
                  {count(items.done)} done, {count(items.open)} left
                  {items.failed > 0 && `, ${count(items.failed)} failed`}
                </span>
              </li>
              <li>
                <span class="soft">Time left</span>
                <span>{timeLeft(items.open, eta)}</span>
              </li>
              <li>
                <span class="soft">Spent</span>
                <span>
                  {dollars(usage.costUsd)}
                  {budget?.capUsd != null &&
                    `; since a run was started ${dollars(budget.spentUsd)} of ${dollars(budget.capUsd)}`}
                </span>
              </li>
            </ul>
            {limitedBy !== null && <p class="soft small">{sentence(limitedBy.says)}.</p>}
          </>
        )}
      </Ready>
    </section>
  );
}

/** Words for how long embedding goes on. */
export function timeLeft(open: number, eta: RunView["embedding"]["eta"]): string {
  if (open === 0) return "nothing is left";
  return eta === null ? "cannot be told now" : interval(eta.earliest, eta.latest);
}

interface EmbeddingBarProps {
  readonly done: number;
  readonly failed: number;
  readonly open: number;
}

/** Content by what became of it. */
export function EmbeddingBar({ done, failed, open }: EmbeddingBarProps) {
  const whole = Math.max(1, done + failed + open);
  return (
    <div class="bar" aria-hidden="true">
      {done > 0 && <span class="loaded" style={{ width: `${(100 * done) / whole}%` }} />}
      {failed > 0 && <span class="rejected" style={{ width: `${(100 * failed) / whole}%` }} />}
    </div>
  );
}
