/**
 * Children that derive a column from one of their parent's are loaded again when the parent's changes, whoever changes it: a case
 * has its patient's practice. See docs/decisions/children-follow-their-parents.md.
 */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { functionChange, type StoredFunction } from "../database/stored-function.ts";

/** Arguments: the parent's entity, then the entities that derive something from it. */
const noted: StoredFunction = {
  name: "note_moved_parent",
  returns: "trigger",
  language: "plpgsql",
  volatility: "volatile",
  body: `
begin
  insert into migration.moved_parents (child, parent, parent_id)
  select child, tg_argv[0], new.id from unnest(tg_argv[1:]) as child
  on conflict (child, parent, parent_id) do update set run_id = null;
  return null;
end `,
};

interface Derivation {
  readonly parent: Entity;
  readonly columns: readonly string[];
  readonly children: readonly string[];
}

/** Creates what is missing, after the tables of the target. Says what it did. */
export async function noteMovedParents(tx: Queryable, entities: readonly Entity[]): Promise<string[]> {
  const change = await functionChange(tx, noted);
  if (change !== undefined) await tx.query(change.sql);
  const said = change === undefined ? [] : [change.says];
  for (const { parent, columns, children } of derivations(entities)) {
    const { table } = parent.target;
    if (!(await lacksTrigger(tx, table))) continue;
    await tx.query(
      `create trigger parent_moved after update of ${columns.join(", ")} on public.${table}
         for each row when (${columns.map((column) => `old.${column} is distinct from new.${column}`).join(" or ")})
         execute function migration.${noted.name}(${[parent.name, ...children].map((name) => `'${name}'`).join(", ")})`,
    );
    said.push(`created trigger parent_moved on public.${table}`);
  }
  return said;
}

function derivations(entities: readonly Entity[]): Derivation[] {
  return entities.flatMap((parent) => {
    const children = entities.filter((one) => derives(one, parent.name));
    const columns = [...new Set(children.flatMap((one) => one.parents[parent.name] ?? []))];
    return children.length === 0 ? [] : [{ parent, columns, children: children.map(({ name }) => name) }];
  });
}

function derives(child: Entity, parent: string): boolean {
  return (child.parents[parent] ?? []).length > 0;
}

async function lacksTrigger(tx: Queryable, table: string): Promise<boolean> {
  const { rows } = await tx.query<{ lacks: boolean }>(
    `select not exists (select from pg_trigger where tgrelid = c.oid and tgname = 'parent_moved') as lacks
     from pg_class c where c.oid = to_regclass($1::text)`,
    [`public.${table}`],
  );
  return rows[0]?.lacks === true;
}
