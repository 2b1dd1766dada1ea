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
export async function noteMovedParents(
  tx: Queryable,
  entities: readonly Entity[],
): Promise<string[]> {
  const change = await functionChange(tx, noted);
  if (change !== undefined) await tx.query(change.sql);
  const said = change === undefined ? [] : [change.says];
  for (const { parent, columns, children } of derivations(entities)) {
    const { table } = parent.target;
    const names = [parent.name, ...children];
    const found = await triggerOn(tx, table, columns, names);
    if (found === undefined || found === "same") continue;
    await tx.query(
      `create or replace trigger parent_moved after update of ${columns.join(", ")} on public.${table}
         for each row when (${columns.map((column) => `old.${column} is distinct from new.${column}`).join(" or ")})
         execute function migration.${noted.name}(${names.map((name) => `'${name}'`).join(", ")})`,
    );
    said.push(
      `${found === "absent" ? "created" : "replaced"} trigger parent_moved on public.${table}`,
    );
  }
  return said;
}

function derivations(entities: readonly Entity[]): Derivation[] {
  return entities.flatMap((parent) => {
    const children = entities.filter((one) => derives(one, parent.name));
    const columns = [...new Set(children.flatMap((one) => one.parents[parent.name] ?? []))];
    return children.length === 0
      ? []
      : [{ parent, columns, children: children.map(({ name }) => name) }];
  });
}

function derives(child: Entity, parent: string): boolean {
  return (child.parents[parent] ?? []).length > 0;
}

/** How the trigger is found on a table; undefined where there is no such table. `other`: entities were added or taken out since. */
async function triggerOn(
  tx: Queryable,
  table: string,
  columns: readonly string[],
  names: readonly string[],
): Promise<"absent" | "same" | "other" | undefined> {
  const { rows } = await tx.query<{ found: "absent" | "same" | "other" }>(
    `select case when t.oid is null then 'absent'
                 when t.tgargs = $2::bytea and a.columns = (select array_agg(c order by c) from unnest($3::text[]) c) then 'same'
                 else 'other' end as found
     from pg_class c
     left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'parent_moved'
     left join lateral (select array_agg(attname::text order by attname::text) as columns from pg_attribute
                         where attrelid = c.oid and attnum = any(t.tgattr)) a on true
     where c.oid = to_regclass($1::text)`,
    [`public.${table}`, Buffer.from(names.map((name) => `${name}\0`).join("")), columns],
  );
  return rows[0]?.found;
}
