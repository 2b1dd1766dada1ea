/** One entity in the newest run: how far, why, behind which gates, with which exceptions, and what can be done. */
import { type EntityView, goneInWords } from "@nexus/contract";
import { Bar, leftOf, OutcomeKeys } from "../parts/bar.tsx";
import { EntityActions } from "../parts/entity-actions.tsx";
import { Ready } from "../parts/notice.tsx";
import { EntityState } from "../parts/state.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useSurroundings } from "../surroundings.ts";
import { useLoad } from "../use-load.ts";
import { count, counted, instant, percent, sentence, words } from "../words.ts";
import { Reasons } from "./exceptions.tsx";

/** `#/entities/cases` */
export function Entity() {
  const { path } = usePlace();
  const { view } = useSurroundings();
  if (view === undefined) return <p class="soft">Reading the progress…</p>;
  const of = view.entities.find(({ entity }) => entity === path[1]);
  if (of === undefined) return <NotThere name={path[1] ?? ""} />;
  const children = view.entities.filter(({ parents }) => parents.includes(of.entity));
  return (
    <>
      <div class="headline">
        <div>
          <h1>
            {sentence(words(of.entity))} <EntityState of={of} />
          </h1>
          <p>{sentence(of.why)}.</p>
        </div>
        <EntityActions of={of} run={view.run} />
      </div>
      <Counts of={of} />
      <div class="two">
        <Gates of={of} children={children.map(({ entity }) => entity)} />
        <EntityExceptions entity={of.entity} />
        {(of.gone ?? 0) > 0 && <Gone of={of} />}
      </div>
    </>
  );
}

function NotThere({ name }: { readonly name: string }) {
  return (
    <>
      <h1>{words(name)} has no part in the newest run</h1>
      <p>
        <a href="#/">Back to the overview</a>
      </p>
    </>
  );
}

function Counts({ of }: { readonly of: EntityView }) {
  const { read, expected, inserted, updated, noted, drift } = of;
  return (
    <section class="card" aria-labelledby="counts-title">
      <h2 id="counts-title" class="unseen">
        Rows
      </h2>
      <p class="hero">
        <strong>{percent(of.percent)}</strong>
        <span class="soft">
          {count(read)} of {count(expected)} rows read, {count(leftOf(of))} left
        </span>
      </p>
      <Bar of={of} thick />
      <OutcomeKeys of={of} />
      <p class="soft">
        {count(inserted)} new and {count(updated)} changed in the target, {count(noted)} repaired on
        the way. {of.sumClosed ? "The sum closes." : "The sum does not close."}{" "}
        {drift !== null &&
          drift !== 0 &&
          `The source has ${count(Math.abs(drift))} rows ${drift > 0 ? "more" : "fewer"} than planned.`}
      </p>
    </section>
  );
}

function Gates({
  of,
  children,
}: {
  readonly of: EntityView;
  readonly children: readonly string[];
}) {
  const { parents, waitingFor, startedAt, settledAt, batches } = of;
  return (
    <section class="card" aria-labelledby="gates-title">
      <h2 id="gates-title">Gates and ranges</h2>
      <ul class="lines">
        {parents.map((parent) => (
          <li key={parent}>
            <a href={linkTo(["entities", parent])}>{words(parent)}</a>
            <span class={`state ${waitingFor.includes(parent) ? "held" : "done"}`}>
              {waitingFor.includes(parent) ? "gate closed" : "gate open"}
            </span>
          </li>
        ))}
        {parents.length === 0 && <li>It has no parents: it waits for nobody.</li>}
        <li>
          <span>
            {count(batches.done)} of {counted(batches.total, "range")} of rows done
          </span>
          {batches.failed > 0 && (
            <span class="state bad">{count(batches.failed)} failed for good</span>
          )}
        </li>
        <li class="soft">
          {startedAt === null ? "Not opened yet" : `Opened ${instant(startedAt)}`}
          {settledAt !== null && `, settled ${instant(settledAt)}`}
          {of.errorCode !== null && `; ${words(of.errorCode)}`}
        </li>
      </ul>
      {children.length > 0 && (
        <p class="soft small">Opens the gate for {children.map(words).join(", ")}.</p>
      )}
    </section>
  );
}

/** The first keys of the rows that the source no longer has. */
function Gone({ of }: { readonly of: EntityView }) {
  const { entity, gone } = of;
  const done = goneInWords(of);
  const page = useLoad("GET /v1/entities/:entity/gone", { entity, limit: "20" }, 30_000);
  return (
    <section class="card" aria-labelledby="gone-title">
      <h2 id="gone-title">Gone from the source</h2>
      <Ready of={page} what="the keys of gone rows">
        {({ items, next }) => (
          <p>
            {counted(gone ?? 0, "row")} of the target {gone === 1 ? "is" : "are"} gone from the
            source{done && `: ${done}`}.{" "}
            {items.length > 0 &&
              `Still there: ${items.map(({ legacyId }) => legacyId).join(", ")}${next === null ? "" : ` and more (nexus gone ${entity})`}`}
          </p>
        )}
      </Ready>
    </section>
  );
}

function EntityExceptions({ entity }: { readonly entity: string }) {
  const reasons = useLoad("GET /v1/exceptions/reasons", { entity }, 5_000);
  return (
    <section class="card" aria-labelledby="exceptions-title">
      <h2 id="exceptions-title">Exceptions</h2>
      <Ready of={reasons} what="the exceptions">
        {({ reasons: found }) =>
          found.length === 0 ? (
            <p class="soft">No row is rejected or parked.</p>
          ) : (
            <Reasons found={found} reload={reasons.reload} />
          )
        }
      </Ready>
    </section>
  );
}
