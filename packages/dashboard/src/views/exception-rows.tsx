/** The rows of one reason: their legacy keys, a page at a time. */
import type { Answer } from "@nexus/contract";
import { usePages } from "../parts/pager.tsx";
import { PagedRows } from "../parts/pages.tsx";
import { ScrollingTable } from "../parts/scrolling-table.tsx";
import { Requeue } from "../parts/requeue.tsx";
import { linkTo } from "../router.ts";
import { useLoad } from "../use-load.ts";
import { instant, words } from "../words.ts";

interface ExceptionRowsProps {
  readonly entity: string;
  readonly reason: string;
  readonly outcome: string | undefined;
}

type Exception = Answer<"GET /v1/entities/:entity/exceptions">["items"][number];

/** Each key leads to the way of its row. */
export function ExceptionRows({ entity, reason, outcome }: ExceptionRowsProps) {
  const turning = usePages(`${entity} ${reason} ${outcome ?? ""}`);
  const address = { entity, reason, outcome, limit: 25, cursor: turning[0].at(-1) };
  const rows = useLoad("GET /v1/entities/:entity/exceptions", address, 10_000);
  return (
    <section class="card" aria-labelledby="rows-title">
      <div class="card-head">
        <h2 id="rows-title">
          {words(entity)}: {words(reason)}
        </h2>
        {(outcome === "rejected" || outcome === "parked") && (
          <Requeue entity={entity} scope={outcome} because={reason} done={rows.reload} />
        )}
      </div>
      <PagedRows
        of={rows}
        what="these rows"
        none="No row has this exception any more."
        turning={turning}
        rows={(items) => <Rows items={items} entity={entity} />}
      />
    </section>
  );
}

function Rows({
  items,
  entity,
}: {
  readonly items: readonly Exception[];
  readonly entity: string;
}) {
  const inColumns = items.some(({ column }) => column !== null);
  const waiting = items.some(({ missingId }) => missingId !== null);
  const heads = [
    "Legacy key",
    ...(inColumns ? ["Column"] : []),
    ...(waiting ? ["Waits for"] : []),
    "Run",
    "Since",
  ];
  return (
    <ScrollingTable of="Rows" heads={heads}>
      {items.map((one) => (
        <tr key={one.legacyId}>
          <th scope="row">
            <a href={linkTo(["rows", entity, one.legacyId])}>{one.legacyId}</a>
          </th>
          {inColumns && <td>{one.column ?? <span class="soft">the row</span>}</td>}
          {waiting && <td>{waitsFor(one)}</td>}
          <td>
            <a href={linkTo(["runs", one.runId])}>run {one.runId}</a>
          </td>
          <td class="soft">{instant(one.createdAt)}</td>
        </tr>
      ))}
    </ScrollingTable>
  );
}

function waitsFor({ missingEntity, missingId }: Exception) {
  if (missingEntity === null || missingId === null) return <span class="soft">nothing</span>;
  return (
    <a href={linkTo(["rows", missingEntity, missingId])}>
      {words(missingEntity)} {missingId}
    </a>
  );
}
