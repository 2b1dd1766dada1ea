/** Counts on both sides, and what is not in the target. */
import type { Evidence } from "@nexus/contract";
import { type Block, paragraph, section } from "../report/blocks.ts";
import { inWords, plain } from "../report/wording.ts";

/** The tables of counts, of exceptions and of repairs. */
export function countTables(evidence: Evidence): Block[] {
  return [
    ...sourceTable(evidence),
    ...targetTable(evidence),
    ...exceptionTables(evidence),
    ...repairTable(evidence),
  ];
}

function sourceTable({ counts }: Evidence): Block[] {
  return [
    ...section(
      "Rows of the source",
      "Entity, Source #, Loaded #, Rejected #, Parked #, Left out #, Not read #, Unaccounted #, Repaired #, Status, Sum",
      counts.map((one) => [
        one.entity,
        ...[
          one.expected + one.drift,
          one.current,
          one.rejected,
          one.parked,
          one.excluded,
          one.unread,
          one.unaccounted,
          one.repaired,
        ].map(inWords),
        plain(one.status),
        one.closes ? "closes" : "OPEN",
      ]),
    ),
    paragraph(
      "Source = loaded + rejected + parked + left out + not read + unaccounted. The sum closes where nothing is unread or unaccounted, on both sides, and each exception is on record.",
    ),
  ];
}

function targetTable({ counts }: Evidence): Block[] {
  return section(
    "Rows of the target",
    "Entity, Target #, Loaded before #, Inserted #, Adopted #, Strangers #, Unaccounted #",
    counts.flatMap(({ entity, target }) =>
      target === null
        ? []
        : [
            [
              entity,
              ...[
                target.rows,
                target.before,
                target.inserted,
                target.adopted,
                target.strangers,
              ].map(inWords),
              target.unaccounted === null ? "loaded again: not kept" : inWords(target.unaccounted),
            ],
          ],
    ),
  );
}

function exceptionTables({ exceptions }: Evidence): Block[] {
  const nameOf = ({ entity, kind, reason, column, missingEntity }: (typeof exceptions)[number]) => [
    entity,
    plain(kind),
    reason,
    column ?? missingEntity ?? "",
  ];
  const listed = exceptions.flatMap((one) =>
    one.keys === null ? [] : [[...nameOf(one), keysInWords(one.keys)]],
  );
  return [
    ...section(
      "Exceptions by reason",
      "Entity, Kind, Code, Column or parent, Rows #, Resolved since #, Reason",
      exceptions.map((one) => [...nameOf(one), inWords(one.rows), inWords(one.resolved), one.says]),
    ),
    ...section("Keys of exceptions", "Entity, Kind, Code, Column or parent, Source rows", listed),
  ];
}

function keysInWords({ listed, left }: NonNullable<Evidence["exceptions"][number]["keys"]>) {
  return `${listed.join(", ")}${left === 0 ? "" : ` and ${inWords(left)} more`}`;
}

function repairTable({ repairs }: Evidence): Block[] {
  return section(
    "Repairs on rows in the target",
    "Entity, Repair, Column, Rows #",
    repairs.map(({ entity, code, column, rows }) => [entity, plain(code), column, inWords(rows)]),
  );
}
