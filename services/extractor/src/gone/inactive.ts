/** What rows that are gone from the source must not keep. */
import type { Entity } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import { keepFormer, keepsUndo, type Run } from "@nexus/shared/ledger";

/** A membership gives access as long as it is active. It comes back with its row. */
export async function deactivateGone(
  tx: Client,
  run: Run,
  { name, target }: Entity,
): Promise<void> {
  if (target.inactiveWhenGone === undefined) return;
  const { table, key, inactiveWhenGone: column } = target;
  const isGone = (entity: string, id: string): string =>
    `t.${column} and t.${key} in (select g.legacy_id from migration.gone_rows g where g.entity = ${entity} and g.run_id = ${id})`;
  if (await keepsUndo(tx, run.id)) {
    const which = { entity: name, table, where: isGone("$4", "$5"), values: [name, run.id] };
    await keepFormer(tx, { runId: run.id, batchId: null }, which);
  }
  await tx.query(`update public.${table} t set ${column} = false where ${isGone("$1", "$2")}`, [
    name,
    run.id,
  ]);
}
