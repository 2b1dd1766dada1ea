/** What the outcome of a source row depends on beside the row itself. See docs/decisions/delta.md. */
import { createHash } from "node:crypto";
import { type Entity, extractionSql, type SourceShape } from "@nexus/catalog";
import type { TargetTable } from "../database/target-tables.ts";

/** Everything that two runs must have in common, so that a row which did not change in between has the same outcome in both. */
export interface Circumstances {
  /** A digest of the mapping that runs (`readRelease`). */
  readonly mapping: string;
  /** Overrides of the catalog's codes, as the ledger keeps them. */
  readonly codes: string;
  readonly idNamespace: string;
  /** With the zone in which times without one are read. */
  readonly shape: SourceShape;
  readonly sourceEncoding: string;
  readonly encoding: { readonly stored?: string | undefined; readonly unreadable: string };
  readonly table: TargetTable;
}

/** Their digest, in 32 digits. */
export function fingerprintVersion(
  entity: Entity,
  {
    mapping,
    codes,
    idNamespace,
    shape,
    sourceEncoding,
    encoding: { stored, unreadable },
    table,
  }: Circumstances,
): string {
  const sql = extractionSql(entity, shape, "range");
  const all = [mapping, codes, idNamespace, shape.zone, sql, sourceEncoding, stored, unreadable];
  return createHash("sha256")
    .update(JSON.stringify([...all.map((one) => one ?? null), table]))
    .digest("hex")
    .slice(0, 32);
}
