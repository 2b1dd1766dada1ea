/** What a test of rollbacks asks of a journey: the content of every table, and a rollback that is waited for. */
import { entities } from "@nexus/catalog";
import type { Client, RollbackView } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { eventually } from "@nexus/shared/testing";

/** By table: a hash of all rows with all of their columns. */
export async function contents(
  target: Pool,
  tables: readonly string[] = entities.map(({ target: { table } }) => table),
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const table of tables) {
    const { rows } = await target.query<{ hash: string }>(
      `select count(*) || ' ' || md5(coalesce(string_agg(md5(t::text), '' order by t.id), '')) as hash from public.${table} t`,
    );
    found[table] = rows[0]?.hash ?? "";
  }
  return found;
}

interface Asking {
  readonly plan?: boolean;
  readonly entities?: readonly string[];
}

/** Asks for a rollback of a run. Returns its number. */
export async function askBack(api: Client, runId: number, asking: Asking = {}): Promise<number> {
  const { plan, entities: some } = asking;
  const { id } = await api.call("POST /v1/runs/:id/rollback", {
    params: { id: String(runId) },
    body: { plan, ...(some === undefined ? {} : { entities: [...some] }) },
  });
  return id;
}

/** Waits until a rollback is over. */
export async function over(api: Client, id: number): Promise<RollbackView> {
  return await eventually(() => api.call("GET /v1/rollbacks/:id", { params: { id: String(id) } }), {
    until: ({ status }) => status !== "open",
    within: 120_000,
    every: 20,
  });
}

/** Rolls a run back, and waits for the end. */
export async function rolledBack(
  api: Client,
  runId: number,
  asking: Asking = {},
): Promise<RollbackView> {
  return await over(api, await askBack(api, runId, asking));
}

/** Of each entity the counts that are not none. */
export function did({ entities: done }: RollbackView): Record<string, unknown> {
  return Object.fromEntries(
    done.map(({ entity, deleted, restored, left }) => [entity, { deleted, restored, left }]),
  );
}

/** What was left, by entity and reason. */
export function leftOf({ entities: done }: RollbackView): Record<string, unknown> {
  return Object.fromEntries(
    done.flatMap(({ entity, left }) => (Object.keys(left).length === 0 ? [] : [[entity, left]])),
  );
}
