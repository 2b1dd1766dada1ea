/** Which ledger this is: one that is begun anew, after an uninstall, counts its runs from 1 again. */
import type { Queryable } from "../database/pool.ts";

/** SQL: the id of this ledger. */
export const LEDGER_ID = "(select value from migration.settings where name = 'ledger_id')";

/** Accounts of Supabase Auth carry it beside the number of the run that created them. */
export async function ledgerId(db: Queryable): Promise<string> {
  const found = await db.query<{ id: string | null }>(`select ${LEDGER_ID} as id`);
  const id = found.rows[0]?.id ?? undefined;
  if (id === undefined) throw new Error("the ledger has no id: run nexus migrate");
  return id;
}
