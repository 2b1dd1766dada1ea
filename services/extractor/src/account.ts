/** The account of an entity: every key of the source is in the target or among the exceptions, but for what the source got since. */
import type { Entity } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import { type Check, keepsKey, type Run } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";
import { lostRows } from "./lost-rows.ts";
import { plannedUpTo, type Sums } from "./sums.ts";

/**
 * Checks an entity that the run read whole. It checks nothing where a batch failed, which is said already, and nothing of a repair, whose
 * batches were checked by the loader. A difference that is no drift of the live source fails.
 */
export async function accountFor(
  { legacy, settings, signal }: Pick<Deps, "legacy" | "settings" | "signal">,
  tx: Client,
  run: Run,
  entity: Entity,
  { failed }: Pick<Sums, "failed">,
): Promise<Check[]> {
  if (failed > 0) return [];
  if ((await plannedUpTo(tx, run.id, entity.name)) === undefined) return [];
  if (!(await keepsKey(legacy, entity))) return [];
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  const lost = await lostRows(legacy, tx, run.id, entity, bounds);
  return [{ name: "rows_lost", passed: lost === 0, expected: 0, actual: lost }];
}
