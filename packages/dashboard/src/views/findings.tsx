/** The rows that an adoption left alone: ids, reasons and keys, a page at a time. */
import type { Finding } from "@nexus/contract";
import { EntityFilters } from "../parts/entity-filters.tsx";
import { usePages } from "../parts/pager.tsx";
import { PagedRows } from "../parts/pages.tsx";
import { ScrollingTable } from "../parts/scrolling-table.tsx";
import { linkTo, usePlace } from "../router.ts";
import { useLoad } from "../use-load.ts";
import { count, words } from "../words.ts";

const REASONS: readonly Finding["reason"][] = [
  "ambiguous_target",
  "ambiguous_source",
  "contradicted",
  "duplicate",
  "no_match",
];

interface FindingsProps {
  /** Of the adoption. */
  readonly id: number;
  /** Those in which it found rows without a key. */
  readonly entities: readonly string[];
}

/** All of them, or those that the address names: `?entity=profiles&reason=duplicate`. */
export function Findings({ id, entities }: FindingsProps) {
  const { entity, reason } = usePlace().query;
  const turning = usePages(`${id} ${entity ?? ""} ${reason ?? ""}`);
  const address = { id, entity, reason, limit: 25, cursor: turning[0].at(-1) };
  const findings = useLoad("GET /v1/adoptions/:id/findings", address, 10_000);
  return (
    <section class="card" aria-labelledby="findings-title">
      <EntityFilters
        id="findings-title"
        title="Left alone"
        at={["adoptions", id]}
        entities={entities}
        by="reason"
        values={REASONS}
      />
      <PagedRows
        of={findings}
        what="the rows that were left alone"
        none="No row is listed. What a plan found is kept until the next adoption."
        turning={turning}
        rows={(items) => <Rows items={items} />}
      />
    </section>
  );
}

function Rows({ items }: { readonly items: readonly Finding[] }) {
  return (
    <ScrollingTable
      of="Rows"
      heads={[
        "Row of the target",
        "Entity",
        "Reason",
        "May be source row",
        "By key",
        { number: "Children" },
      ]}
    >
      {items.map((one) => (
        <Line key={`${one.entity} ${one.id}`} of={one} />
      ))}
    </ScrollingTable>
  );
}

function Line({ of: { entity, id, reason, legacyId, via, children } }: { readonly of: Finding }) {
  return (
    <tr>
      <th scope="row" class="mono">
        {id}
      </th>
      <td>{words(entity)}</td>
      <td>{words(reason)}</td>
      <td>
        {legacyId === null ? (
          <span class="soft">none</span>
        ) : (
          <a href={linkTo(["rows", entity, legacyId])}>{legacyId}</a>
        )}
      </td>
      <td>{via === null ? <span class="soft">none</span> : <span class="mono">{via}</span>}</td>
      <td class="number">{children === null ? "" : count(children)}</td>
    </tr>
  );
}
