/** A case that moves to another practice takes its projects and states along, whoever moves it. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { type StoredFunction, setTrigger } from "../database/stored-function.ts";
import { activeWriter, keepFormer } from "./undo.ts";

function followers(entities: readonly Entity[]): readonly Entity[] {
  return entities.filter(({ followsCase }) => followsCase === true);
}

/** Updates the rows of every entity that follows its case. */
function follow(entities: readonly Entity[]): StoredFunction {
  const updates = followers(entities).map(
    ({ target: { table } }) => `  update public.${table} set practice_id = new.practice_id
   where case_id = new.id and practice_id is distinct from new.practice_id;\n`,
  );
  return {
    name: "follow_case_practice",
    returns: "trigger",
    language: "plpgsql",
    volatility: "volatile",
    body: `\nbegin\n${updates.join("")}  return null;\nend `,
  };
}

/** Creates what is missing on public.cases, if there is such a table. Says what it did. */
export async function followPractice(
  tx: Queryable,
  entities: readonly Entity[],
): Promise<string[]> {
  return await setTrigger(tx, {
    table: "cases",
    event: "update of practice_id",
    calls: follow(entities),
  });
}

/** Brings the rows of all entities that follow their case back, where there is a table of cases. */
export async function bringAllBack(tx: Queryable, entities: readonly Entity[]): Promise<void> {
  const there = await tx.query(`select where to_regclass('public.cases') is not null`);
  if (there.rowCount === 0) return;
  for (const entity of followers(entities)) await bringBack(tx, entity);
}

/**
 * Brings rows back to the practice of their case. A loader wrote them while the case moved, and the trigger could not see them.
 * Call it when no loader writes them, while the run is active. The cases are locked, so that none moves on meanwhile. `cases`: only their rows; null: all.
 * Returns how many rows were apart.
 */
export async function bringBack(
  tx: Queryable,
  { name, target: { table } }: Pick<Entity, "name" | "target">,
  cases: readonly string[] | null = null,
): Promise<number> {
  const apart = await tx.query<{ id: string }>(
    `select c.id::text from public.cases c
     where ($1::uuid[] is null or c.id = any($1::uuid[]))
       and exists (select from public.${table} t where t.case_id = c.id and t.practice_id is distinct from c.practice_id)
     order by c.id for share of c`,
    [cases],
  );
  if (apart.rows.length === 0) return 0;
  const ids = apart.rows.map(({ id }) => id);
  const writer = await activeWriter(tx);
  if (writer !== undefined) {
    const where = `exists (select from public.cases c
      where c.id = t.case_id and t.practice_id is distinct from c.practice_id and c.id = any($4::uuid[]))`;
    await keepFormer(tx, writer, { entity: name, table, where, values: [ids] });
  }
  const brought = await tx.query(
    `update public.${table} t set practice_id = c.practice_id from public.cases c
     where c.id = t.case_id and t.practice_id is distinct from c.practice_id and c.id = any($1::uuid[])`,
    [ids],
  );
  return brought.rowCount ?? 0;
}
