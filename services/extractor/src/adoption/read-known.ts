/** Reads, of the source, the rows that strangers of the target may be: all are looked at, those that none may be are forgotten. */
import {
  type Entity,
  idOf,
  parseCodes,
  recognitionSql,
  type SourceShape,
  UnreadableRow,
} from "@nexus/catalog";
import { readOnly } from "@nexus/shared/database";
import type { Deps } from "../deps.ts";
import { asTold, type Known, keysOf, type Told, toldColumns } from "./told.ts";

/** What strangers may be known by. */
export interface Wanted {
  readonly legacyIds: ReadonlySet<number>;
  readonly keys: ReadonlySet<string>;
  /** Ids of strangers, and the namespaces that they may be made in. */
  readonly ids: ReadonlySet<string>;
  readonly namespaces: readonly string[];
}

export interface Found {
  readonly sources: Map<number, Known>;
  readonly byKey: Map<string, number[]>;
  readonly byId: Map<string, number>;
}

/** Rows that are read at once. */
const PAGE = 5_000;

const ENDS = ["-9223372036854775808", "9223372036854775807"] as const;

/** Every row of the source, a page at a time. One that cannot be read is nobody. */
export async function readKnown(
  { legacy, settings, signal }: Pick<Deps, "legacy" | "settings" | "signal">,
  entity: Entity,
  shape: SourceShape,
  wanted: Wanted,
): Promise<Found> {
  const found: Found = { sources: new Map(), byKey: new Map(), byId: new Map() };
  const sql = `${recognitionSql(entity, shape)}\nlimit ${PAGE}`;
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  for (let after: string = ENDS[0]; ;) {
    const from = after;
    const page = await readOnly(
      legacy,
      (tx) => tx.query<{ id: number | string }>(sql, [from, ENDS[1]]),
      bounds,
    );
    for (const raw of page.rows) keep(found, entity, wanted, known(entity, raw));
    const last = page.rows.at(-1);
    if (last === undefined || page.rows.length < PAGE) return found;
    after = String(last.id);
  }
}

const codes = parseCodes();

/** The row with its parents' legacy ids in the place of their ids. Undefined: it is not moved, and so nobody in the target. */
function known(entity: Entity, raw: unknown): Known | undefined {
  try {
    const outcome = entity.read(raw).map((_, legacyId) => ({ id: String(legacyId) }), codes);
    if (outcome.kind !== "loaded") return undefined;
    const { legacyId, row } = outcome;
    const legacyKey = row[entity.target.key];
    if (typeof legacyKey !== "number") return undefined;
    return { legacyId, legacyKey, told: toldOf(entity, row) };
  } catch (error) {
    if (error instanceof UnreadableRow) return undefined;
    throw error;
  }
}

function toldOf(entity: Entity, row: Readonly<Record<string, unknown>>): Told {
  return Object.fromEntries(
    toldColumns(entity).map((column) => [
      column,
      asTold(column, column in row ? row[column] : memberOf(row, column)),
    ]),
  );
}

/** `metadata.legacy.uid` of a mapped row. */
function memberOf(row: Readonly<Record<string, unknown>>, column: string): unknown {
  const [name = "", ...path] = column.split(".");
  const json = row[name];
  let value: unknown = typeof json === "string" ? JSON.parse(json) : null;
  for (const member of path)
    value = typeof value === "object" && value !== null ? Reflect.get(value, member) : null;
  return value;
}

function keep(found: Found, entity: Entity, wanted: Wanted, source: Known | undefined): void {
  if (source === undefined) return;
  const { legacyId } = source;
  let asked = wanted.legacyIds.has(legacyId);
  for (const key of keysOf(entity, source.told)) {
    if (key === null || !wanted.keys.has(key)) continue;
    const sharing = found.byKey.get(key);
    if (sharing === undefined) found.byKey.set(key, [legacyId]);
    else sharing.push(legacyId);
    asked = true;
  }
  for (const namespace of wanted.namespaces) {
    const id = idOf(namespace, entity.name, legacyId);
    if (!wanted.ids.has(id)) continue;
    found.byId.set(id, legacyId);
    asked = true;
  }
  if (asked) found.sources.set(legacyId, source);
}
