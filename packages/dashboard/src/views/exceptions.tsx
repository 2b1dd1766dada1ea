/** Rows that are not in the target: by reason, then one by one. */
import type { Answer } from "@nexus/contract";
import { Ready } from "../parts/notice.tsx";
import { Requeue } from "../parts/requeue.tsx";
import { Select } from "../parts/select.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { count, words } from "../words.ts";
import { reasonInWords } from "./attention.tsx";
import { ExceptionRows } from "./exception-rows.tsx";

type Reason = Answer<"GET /v1/exceptions/reasons">["reasons"][number];

/** `#/exceptions`, `#/exceptions?entity=cases`, and with a reason: its rows. */
export function Exceptions() {
  const { query } = usePlace();
  const { entity, reason } = query;
  const { view } = useSurroundings();
  const reasons = useLoad("GET /v1/exceptions/reasons", { entity }, 5_000);
  const names = view?.entities.map((one) => one.entity) ?? [];
  return (
    <>
      <div class="headline">
        <div>
          <h1>Exceptions</h1>
          <p>
            Rejected rows cannot be represented in the target. Parked rows wait for a parent, and
            load by themselves once it is there.
          </p>
        </div>
      </div>
      {entity !== undefined && reason !== undefined && (
        <ExceptionRows entity={entity} reason={reason} outcome={query["outcome"]} />
      )}
      <section class="card" aria-labelledby="reasons-title">
        <div class="card-head">
          <h2 id="reasons-title">{reason === undefined ? "By reason" : "All reasons"}</h2>
          <div class="filters">
            <Select
              label="Entity"
              value={entity}
              options={names}
              choose={(chosen) => (location.hash = linkTo(["exceptions"], { entity: chosen }))}
            />
          </div>
        </div>
        <Ready of={reasons} what="the exceptions">
          {({ reasons: found }) =>
            found.length === 0 ? (
              <p class="soft">
                No row is rejected or parked{entity === undefined ? "" : ` in ${entity}`}.
              </p>
            ) : (
              <Reasons found={found} reload={reasons.reload} />
            )
          }
        </Ready>
      </section>
    </>
  );
}

/** A line for each reason, with its way to the rows and its requeue. */
export function Reasons({
  found,
  reload,
}: {
  readonly found: readonly Reason[];
  readonly reload: () => void;
}) {
  return (
    <ul class="lines">
      {found.map((one) => (
        <li key={JSON.stringify(one)}>
          <span>
            <a
              href={linkTo(["exceptions"], {
                entity: one.entity,
                outcome: one.outcome,
                reason: one.reason,
              })}
            >
              {words(one.entity)}: {reasonInWords(one)}
            </a>
          </span>
          <span class="end">
            <span class={`key ${one.outcome}`}>
              {count(one.count)} {one.outcome}
            </span>
            <Requeue
              entity={one.entity}
              scope={one.outcome}
              because={one.reason}
              look="slim"
              done={reload}
            />
          </span>
        </li>
      ))}
    </ul>
  );
}
