/** Whether tables that are read were written since the last delta began: by the versions of their rows, which no session keeps back. */
import { tablesReadByAny } from "@nexus/catalog";
import { errorCode, readOnly, readSourceShape } from "@nexus/shared/database";
import { marksAtBegin } from "@nexus/shared/ledger";
import { passesByItself, sourceMarks } from "../delta/source-marks.ts";
import { lastDelta } from "./delta.ts";
import { migrated, type Walk } from "./step.ts";

export interface SinceDelta {
  readonly kind: "compared";
  /** Tables that are other ones than before. */
  readonly written: readonly string[];
  /** Tables that can be looked at now, and could not when the delta began. */
  readonly unseen: readonly string[];
  /** Tables that cannot be compared: views, and those of other servers; all where no fingerprints are kept. */
  readonly unknown: readonly string[];
  /** Whether that delta kept fingerprints. */
  readonly fingerprints: boolean;
}

/** The tables could not be looked at, and will not be by themselves. */
interface Unseen {
  readonly kind: "failed";
  readonly code: string;
}

/** Throws what passes by itself: a source that is away, a table that is locked. */
export async function sinceDelta(walk: Walk): Promise<SinceDelta | Unseen> {
  const { deps } = walk;
  const { legacy, target, settings, signal } = deps;
  const names = migrated(walk);
  const entities = deps.entities.filter(({ name }) => names.includes(name));
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  const shape = await readOnly(legacy, (tx) => readSourceShape(tx), bounds);
  const tables = tablesReadByAny(entities, shape);
  const before = await marksAtBegin(target, lastDelta(walk));
  if (before === undefined) return uncompared(tables);
  const begun = performance.now();
  try {
    return compared(tables, before, await sourceMarks(deps, entities, shape));
  } catch (error) {
    const code = errorCode(error);
    if (signal.aborted || code === undefined || passesByItself(deps, error, begun)) throw error;
    deps.log.warn({ err: error }, "the tables of the source could not be looked at");
    return { kind: "failed", code };
  }
}

function uncompared(tables: readonly string[]): SinceDelta {
  return { kind: "compared", written: [], unseen: [], unknown: tables, fingerprints: false };
}

type Marks = Readonly<Record<string, string>>;

function compared(tables: readonly string[], before: Marks, now: Marks): SinceDelta {
  const seen = tables.filter((name) => now[name] !== undefined);
  return {
    kind: "compared",
    written: seen.filter((name) => before[name] !== undefined && before[name] !== now[name]),
    unseen: seen.filter((name) => before[name] === undefined),
    unknown: tables.filter((name) => now[name] === undefined),
    fingerprints: true,
  };
}
