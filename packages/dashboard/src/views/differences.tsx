/** What a verification found, row by row: keys, columns and kinds, a page at a time. */
import type { Difference } from "@nexus/contract";
import { usePages } from "../parts/pager.tsx";
import { PagedRows } from "../parts/pages.tsx";
import { Select } from "../parts/select.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useLoad } from "../use-load.ts";
import { words } from "../words.ts";

const KINDS: readonly Difference["kind"][] = [
  "changed_cell",
  "truncated_text",
  "shifted_time",
  "swapped_link",
  "wrong_practice",
  "missing_row",
  "extra_row",
  "stale_row",
  "outcome_differs",
  "missing_vector",
  "stale_vector",
  "extra_vector",
];

interface DifferencesProps {
  /** Of the verification. */
  readonly id: number;
  /** Those that it has gone through. */
  readonly entities: readonly string[];
}

/** All of them, or those that the address names: `?entity=cases&kind=missing_row`. */
export function Differences({ id, entities }: DifferencesProps) {
  const { entity, kind } = usePlace().query;
  const turning = usePages(`${id} ${entity ?? ""} ${kind ?? ""}`);
  const address = { id, entity, kind, limit: 25, cursor: turning[0].at(-1) };
  const differences = useLoad("GET /v1/verifications/:id/differences", address, 10_000);
  const choose = (chosen: Readonly<Record<string, string>>) =>
    (location.hash = linkTo(["verifications", id], { entity, kind, ...chosen }));
  return (
    <section class="card" aria-labelledby="differences-title">
      <div class="card-head">
        <h2 id="differences-title">What differs</h2>
        <div class="filters">
          <Select
            label="Entity"
            value={entity}
            options={entities}
            choose={(one) => choose({ entity: one })}
          />
          <Select
            label="Kind"
            value={kind}
            options={KINDS}
            choose={(one) => choose({ kind: one })}
          />
        </div>
      </div>
      <PagedRows
        of={differences}
        what="the differences"
        none="No difference is listed. The lists of the newest five verifications are kept."
        turning={turning}
        rows={(items) => <Rows items={items} />}
      />
    </section>
  );
}

function Rows({ items }: { readonly items: readonly Difference[] }) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Rows, a table that scrolls">
      <table>
        <thead>
          <tr>
            <th scope="col">Legacy key</th>
            <th scope="col">Entity</th>
            <th scope="col">Column</th>
            <th scope="col">Kind</th>
            <th scope="col">Counts</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <Line key={JSON.stringify(one)} of={one} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({
  of: { entity, legacyId, column, kind, changedSince },
}: {
  readonly of: Difference;
}) {
  return (
    <tr>
      <th scope="row">
        <a href={linkTo(["rows", entity, legacyId])}>{legacyId}</a>
      </th>
      <td>{words(entity)}</td>
      <td>
        {column === null ? <span class="soft">the row</span> : <span class="mono">{column}</span>}
      </td>
      <td>{words(kind)}</td>
      <td>
        {changedSince ? (
          <span class="soft">no: the source has changed it since</span>
        ) : (
          "as a difference"
        )}
      </td>
    </tr>
  );
}
