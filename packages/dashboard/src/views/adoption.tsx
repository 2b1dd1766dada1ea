/** One adoption: what it found in each entity, and what it left alone. */
import type { AdoptionView } from "@nexus/contract";
import { CancelAdoption, KIND } from "../parts/adoption-actions.tsx";
import { Ready } from "../parts/notice.tsx";
import { type Head, ScrollingTable } from "../parts/scrolling-table.tsx";
import { TaskState } from "../parts/state.tsx";
import { linkTo } from "../router.ts";
import { useLoad } from "../use-load.ts";
import { count, counted, mostFirst, timesOf, words } from "../words.ts";
import { Findings } from "./findings.tsx";

type Found = AdoptionView["entities"][number];

/** `#/adoptions/3` */
export function Adoption({ id }: { readonly id: number }) {
  const adoption = useLoad("GET /v1/adoptions/:id", { id }, 3_000);
  return (
    <Ready of={adoption} what={`adoption ${id}`}>
      {(view) => (
        <>
          <Headline of={view} reload={adoption.reload} />
          <Entities of={view} />
          <Places entities={view.entities} />
          {view.kind !== "undo" && (
            <Findings id={id} entities={view.entities.map(({ entity }) => entity)} />
          )}
        </>
      )}
    </Ready>
  );
}

function Headline({ of, reload }: { readonly of: AdoptionView; readonly reload: () => void }) {
  const { id, kind, status, errorCode } = of;
  return (
    <div class="headline">
      <div>
        <h1>
          Adoption {id}: {KIND[kind]} <TaskState status={status} />
        </h1>
        <p>
          {timesOf(of)}
          {errorCode !== null && `; ended with ${words(errorCode)}: the extractor's log says more`}
        </p>
      </div>
      <a href="#/adoptions">All adoptions</a>
      {status === "open" && <CancelAdoption id={id} done={reload} />}
    </div>
  );
}

function Entities({ of: { id, kind, status, entities } }: { readonly of: AdoptionView }) {
  return (
    <section class="card" aria-labelledby="entities-title">
      <h2 id="entities-title">Rows by entity</h2>
      {entities.length === 0 ? (
        <p class="soft">{nothingFound(kind, status)}</p>
      ) : (
        <ScrollingTable of="Entities" heads={headsOf(kind)}>
          {entities.map((one) => (
            <Line key={one.entity} id={id} kind={kind} of={one} />
          ))}
        </ScrollingTable>
      )}
    </section>
  );
}

function headsOf(kind: AdoptionView["kind"]): readonly Head[] {
  const planned = kind === "plan";
  return [
    "Entity",
    { number: "Without key" },
    { number: planned ? "Would be adopted" : "Adopted" },
    "Known by",
    "Left alone",
    ...(planned ? ["The first run will change"] : []),
  ];
}

function nothingFound(kind: AdoptionView["kind"], status: AdoptionView["status"]): string {
  if (status === "open") return "An extractor does it. Entities are listed as they are done.";
  if (kind === "undo")
    return "What was adopted since the newest run began has no legacy key again.";
  return status === "done"
    ? "Every row of the target has a legacy key: there is nothing to adopt."
    : "It ended before an entity was done.";
}

interface LineProps extends Pick<AdoptionView, "id" | "kind"> {
  readonly of: Found;
}

function Line({ id, kind, of }: LineProps) {
  return (
    <tr>
      <th scope="row">{words(of.entity)}</th>
      <td class="number">{count(of.strangers)}</td>
      <td class="number">{count(of.adopted)}</td>
      <td>
        <Counts of={of.byKey} />
      </td>
      <td>
        <LeftAlone id={id} of={of} />
      </td>
      {kind === "plan" && (
        <td>
          <Changes of={of} />
        </td>
      )}
    </tr>
  );
}

/** Each reason leads to its rows. */
function LeftAlone({ id, of }: { readonly id: number; readonly of: Found }) {
  const { entity, left, strangers, adopted } = of;
  const reasons = mostFirst(left);
  if (reasons.length === 0 && strangers > adopted)
    return <span class="soft">{count(strangers - adopted)}, reasons not kept</span>;
  if (reasons.length === 0) return <span class="soft">none</span>;
  return (
    <ul>
      {reasons.map(([reason, rows]) => (
        <li key={reason}>
          <a href={linkTo(["adoptions", id], { entity, reason })}>{words(reason)}</a> {count(rows)}
        </li>
      ))}
    </ul>
  );
}

/** Of the rows that a plan would have adopted. */
function Changes({ of: { changes, adopted } }: { readonly of: Found }) {
  if (changes === null || changes.rows === 0) return <span class="soft">none</span>;
  return (
    <>
      {count(changes.rows)} of {counted(adopted, "row")}
      <Counts of={changes.columns} />
    </>
  );
}

/** Names with their counts, a line each. */
function Counts({ of }: { readonly of: Readonly<Record<string, number>> }) {
  return (
    <ul>
      {mostFirst(of).map(([name, rows]) => (
        <li key={name}>
          <span class="mono">{name}</span> {count(rows)}
        </li>
      ))}
    </ul>
  );
}

/** Where legacy ids were found, and whether they were believed. Nothing where there is none. */
function Places({ entities }: Pick<AdoptionView, "entities">) {
  const places = entities.flatMap(({ entity, places: found }) =>
    found.map((one) => ({ entity, ...one })),
  );
  if (places.length === 0) return null;
  return (
    <section class="card" aria-labelledby="places-title">
      <h2 id="places-title">Where legacy ids were found</h2>
      <ul class="lines">
        {places.map(({ entity, place, rows, inSource, comparable, agreeing, used }) => (
          <li key={`${entity} ${place}`}>
            <span>
              {words(entity)}: <span class="mono">{place}</span> holds {counted(rows, "number")},{" "}
              {count(inSource)} are keys of the source,{" "}
              {comparable === 0
                ? "none can be compared"
                : `${count(agreeing)} of ${count(comparable)} agree`}
            </span>
            <span class={`end state ${used ? "done" : "rests"}`}>{used ? "used" : "not used"}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
