/** What a verification found, row by row: keys, columns and kinds, a page at a time. */
import type { Difference } from "@nexus/contract";
import { EntityFilters } from "../parts/entity-filters.tsx";
import { usePages } from "../parts/pager.tsx";
import { PagedRows } from "../parts/pages.tsx";
import { ScrollingTable } from "../parts/scrolling-table.tsx";
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
  "missing_document",
  "stale_document",
  "extra_document",
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
  return (
    <section class="card" aria-labelledby="differences-title">
      <EntityFilters
        id="differences-title"
        title="What differs"
        at={["verifications", id]}
        entities={entities}
        by="kind"
        values={KINDS}
      />
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
    <ScrollingTable of="Rows" heads={["Legacy key", "Entity", "Column", "Kind", "Counts"]}>
      {items.map((one) => (
        <Line key={JSON.stringify(one)} of={one} />
      ))}
    </ScrollingTable>
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
