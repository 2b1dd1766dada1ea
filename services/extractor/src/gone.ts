/** What rows that are gone from the source must not keep. */
import type { Entity } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import type { Run } from "@nexus/shared/ledger";

/** A membership gives access as long as it is active. It comes back with its row. */
export async function deactivateGone(
  tx: Client,
  run: Run,
  { name, target }: Entity,
): Promise<void> {
  if (target.inactiveWhenGone === undefined) return;
  const { table, key, inactiveWhenGone: column } = target;
  await tx.query(
    `update public.${table} t set ${column} = false from migration.gone_rows g
     where g.entity = $1 and g.run_id = $2 and t.${key} = g.legacy_id and t.${column}`,
    [name, run.id],
  );
}
