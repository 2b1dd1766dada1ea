/** Whether tables that are read were written since the last delta began: by the versions of their rows, which no session keeps back. */
import { tablesRead } from "@nexus/catalog";
import { readOnly, readSourceShape } from "@nexus/shared/database";
import { marksAtBegin } from "@nexus/shared/ledger";
import { sourceMarks } from "../delta/source-marks.ts";
import { lastDelta } from "./delta.ts";
import { migrated, type Walk } from "./step.ts";

interface SinceDelta {
  /** Tables that are other ones than before. */
  readonly written: readonly string[];
  /** Tables that cannot be compared: views, those of other servers, locked ones; all where no fingerprints are kept. */
  readonly unknown: readonly string[];
}

export async function sinceDelta(walk: Walk): Promise<SinceDelta> {
  const { deps } = walk;
  const { legacy, target, settings, signal } = deps;
  const names = migrated(walk);
  const entities = deps.entities.filter(({ name }) => names.includes(name));
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  const shape = await readOnly(legacy, (tx) => readSourceShape(tx), bounds);
  const before = await marksAtBegin(target, lastDelta(walk));
  const now = Object.keys(before).length > 0 ? await sourceMarks(deps, entities, shape) : {};
  const tables = [...new Set(entities.flatMap((entity) => tablesRead(entity, shape)))];
  const unknown = tables.filter((name) => before[name] === undefined || now[name] === undefined);
  return {
    written: tables.filter((name) => !unknown.includes(name) && before[name] !== now[name]),
    unknown,
  };
}
