import type { Queryable } from "../database/pool.ts";
import { type Arrows, batchArrows, entityArrows, runArrows, statusesOf } from "../states/states.ts";

/** Makes a ledger refuse every change of a status that is not an arrow of `states.ts`, whoever makes it. For tests: it costs a look-up a row. */
export async function guardArrows(db: Queryable): Promise<void> {
  await db.query(`
    create table migration.arrows (source text, was text, becomes text);
    create function migration.follow_arrows() returns trigger language plpgsql as $$
    begin
      if not exists (select from migration.arrows a where (a.source, a.was, a.becomes) = (tg_table_name, old.status, new.status)) then
        raise exception 'no arrow of % leads from % to %', tg_table_name, old.status, new.status;
      end if;
      return new;
    end $$`);
  await guard(db, "runs", runArrows);
  await guard(db, "run_entities", entityArrows);
  await guard(db, "batches", batchArrows);
}

async function guard<S extends string>(
  db: Queryable,
  table: string,
  arrows: Arrows<S>,
): Promise<void> {
  const pairs = statusesOf(arrows).flatMap((was) =>
    Object.keys(arrows[was]).map((becomes) => ({ was, becomes })),
  );
  await db.query(`insert into migration.arrows select $1, * from unnest($2::text[], $3::text[])`, [
    table,
    pairs.map(({ was }) => was),
    pairs.map(({ becomes }) => becomes),
  ]);
  await db.query(
    `create trigger follow_arrows before update of status on migration.${table}
     for each row when (old.status <> new.status) execute function migration.follow_arrows()`,
  );
}
