/** What a person should look at: blocked entities, and open exceptions by reason. */
import type { Answer, EntityView, RunView } from "@nexus/contract";
import { Ready } from "../parts/notice.tsx";
import { Requeue } from "../parts/requeue.tsx";
import { linkTo } from "../router.ts";
import { useLoad } from "../use-load.ts";
import { count, sentence, words } from "../words.ts";

type Reason = Answer<"GET /v1/exceptions/reasons">["reasons"][number];

const MOST = 5;

/** The most frequent few; the rest is one click away. */
export function Attention({ of: { entities, backups = [] } }: { readonly of: RunView }) {
  const reasons = useLoad("GET /v1/exceptions/reasons", {}, 5_000);
  const unsaved = new Set(
    backups.filter(({ status }) => status === "failed").map(({ entity }) => entity),
  );
  const failed = entities.filter(
    ({ entity, batches }) => batches.failed > 0 || unsaved.has(entity),
  );
  return (
    <section class="card" aria-labelledby="attention-title">
      <div class="card-head">
        <h2 id="attention-title">What failed, and why</h2>
        <a href="#/exceptions">All exceptions</a>
      </div>
      {failed.length > 0 && (
        <ul class="lines">
          {failed.map((one) => (
            <Failed key={one.entity} of={one} />
          ))}
        </ul>
      )}
      <Ready of={reasons} what="the exceptions">
        {({ reasons: found }) => (
          <>
            {found.length === 0 && failed.length === 0 && (
              <p class="soft">Nothing failed: no row waits for you.</p>
            )}
            <ul class="lines">
              {found.slice(0, MOST).map((one) => (
                <ReasonLine key={JSON.stringify(one)} of={one} />
              ))}
            </ul>
            {found.length > MOST && (
              <p class="soft small">and {count(found.length - MOST)} more reasons</p>
            )}
          </>
        )}
      </Ready>
    </section>
  );
}

function Failed({ of: { entity, why } }: { readonly of: EntityView }) {
  return (
    <li>
      <span>
        <a href={linkTo(["entities", entity])}>{words(entity)}</a>
        <br />
        <span class="soft small">{sentence(why)}</span>
      </span>
      <span class="end">
        <Requeue entity={entity} scope="failed" look="slim" />
      </span>
    </li>
  );
}

function ReasonLine({ of }: { readonly of: Reason }) {
  const { entity, outcome, reason } = of;
  return (
    <li>
      <span>
        <a href={linkTo(["exceptions"], { entity, outcome, reason })}>
          {words(entity)}: {reasonInWords(of)}
        </a>
      </span>
      <span class="end">
        <span class={`key ${outcome}`}>
          {count(of.count)} {outcome}
        </span>
      </span>
    </li>
  );
}

/** "required missing (name)" */
export function reasonInWords({ reason, column }: Pick<Reason, "reason" | "column">): string {
  return column === null ? words(reason) : `${words(reason)} (${column})`;
}
