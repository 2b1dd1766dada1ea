/** A small loaded target, and a second bookkeeping of it that is written by hand: what the target held before a test spoiled it. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import type { Bookkeeping } from "./prove.ts";

/** Rows of each entity. */
export const ROWS = 40;

const SOURCES: Readonly<Record<string, string>> = {
  practices: "dispatch_office",
  profiles: "auth_user",
  patients: "dispatch_patient",
  cases: "dispatch_project",
};

const LOADED = `
  insert into public.practices (legacy_id, name, address, created_at, updated_at)
    select n, 'Practice of street ' || n, 'Long street ' || n, ts(n), ts(n) from generate_series(1, ${ROWS}) n;
  insert into public.profiles (legacy_id, practice_id, email, first_name, role, metadata, created_at, updated_at)
    select n, of_practice(n), 'user' || n || '@example.org', 'First name ' || n, 'doctor', jsonb_build_object('legacy', jsonb_build_object('n', n)), ts(n), ts(n)
    from generate_series(1, ${ROWS}) n;
  insert into public.patients (legacy_id, practice_id, profile_id, last_name, date_of_birth, created_at, updated_at)
    select n, of_practice(n), (select id from public.profiles where legacy_id = n), 'Last name ' || n, '1980-01-01', ts(n), ts(n)
    from generate_series(1, ${ROWS}) n;
  insert into public.cases (legacy_project_id, practice_id, patient_id, case_number, title, case_type, current_state, created_at, updated_at)
    select n, of_practice(n), (select id from public.patients where legacy_id = n), 'CASE-' || n, 'Title of case ' || n, 'refinement', 'submitted', ts(n), ts(n)
    from generate_series(1, ${ROWS}) n;`;

/** Makes the source (keys only), loads the target, and keeps what the target holds as what is expected. The last key of each entity is rejected, and so not loaded. */
export async function loadByHand(legacy: Pool, target: Pool): Promise<number> {
  for (const table of Object.values(SOURCES))
    await legacy.query(
      `create table if not exists ${table} (id integer primary key, word text); insert into ${table} select n from generate_series(1, ${ROWS + 1}) n`,
    );
  await inTransaction(target, async (tx) => {
    await tx.query(
      `create function pg_temp.ts(n integer) returns timestamptz language sql as $$ select timestamptz '2020-01-01' + n * interval '1 day 7 seconds' $$;
       create function pg_temp.of_practice(n integer) returns uuid language sql as $$ select id from public.practices where legacy_id = n $$;`,
    );
    await tx.query(LOADED.replaceAll(/\b(ts|of_practice)\(/g, "pg_temp.$1("));
    await tx.query("create schema hand");
    for (const name of Object.keys(SOURCES)) await keepAsExpected(tx, entityNamed(entities, name));
  });
  return await recordRun(target);
}

async function keepAsExpected(tx: Queryable, entity: Entity): Promise<void> {
  const { table, key, columns } = entity.target;
  const mapped = Object.entries(columns)
    .filter(([name]) => name !== key)
    .map(([name, { references }]) => {
      if (references === undefined) return `t.${name}`;
      const parent = entityNamed(entities, references).target;
      return `(select p.${parent.key}::bigint from public.${parent.table} p where p.id = t.${name}) as ${name}`;
    });
  await tx.query(
    `create table hand.${entity.name} as select t.${key}::bigint as source_key, t.${key}::bigint as legacy_key, 'loaded' as outcome, null::text as reason,
       '{}'::text[] as notes, null::bigint as since, ${mapped.join(", ")} from public.${table} t;
     insert into hand.${entity.name} (source_key, legacy_key, outcome, reason) values (${ROWS + 1}, ${ROWS + 1}, 'rejected', 'unreadable')`,
  );
}

/** A completed run that has read all rows, in batches of ten. */
async function recordRun(target: Pool): Promise<number> {
  const made = await target.query<{ id: number }>(
    `insert into migration.runs (status, embeddings, started_at) values ('completed', false, now()) returning id`,
  );
  const runId = made.rows[0]?.id ?? 0;
  await target.query(
    `with names as (select unnest($2::text[]) as entity),
     entities as (insert into migration.run_entities (run_id, entity, position, status, cursor_key)
       select $1::integer, entity, 1, 'complete', ${ROWS + 1} from names),
     batches as (insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status, finished_at)
       select $1::integer, entity, n, n * 10, n * 10 + 10, 10, 'done', now() from names, generate_series(0, ${ROWS / 10}) n returning id, run_id, entity, seq)
     insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason)
       select run_id, entity, ${ROWS + 1}, id, 'rejected', 'unreadable' from batches where seq = ${ROWS / 10}`,
    [runId, Object.keys(SOURCES)],
  );
  return runId;
}

/** Told of each time that an entity is expected: what a test does at that moment. */
export type Watch = (entity: string, time: number) => Promise<void>;

/** Books that say what the target held before. */
export function booksByHand(watch: Watch = async () => {}): Bookkeeping {
  const times = new Map<string, number>();
  return {
    hasTwin: ({ name }) => name in SOURCES,
    open: async ({ target }) => {
      const session = await target.connect();
      for (const name of Object.keys(SOURCES))
        await session.query(
          `create temp table if not exists known_${name} (source_key bigint, legacy_key bigint)`,
        );
      return {
        expecting: async (entity, keys, then) => {
          const time = (times.get(entity.name) ?? 0) + 1;
          times.set(entity.name, time);
          await watch(entity.name, time);
          await session.query("begin");
          try {
            const [where, values] =
              "from" in keys
                ? ["between $1 and $2", [keys.from, keys.to]]
                : ["= any($1::bigint[])", [keys]];
            await session.query(
              `create temp table expected (like hand.${entity.name}) on commit drop`,
            );
            await session.query(
              `insert into expected select * from hand.${entity.name} where source_key ${where}`,
              values,
            );
            const result = await then(session);
            await session.query("commit");
            return result;
          } catch (error) {
            await session.query("rollback");
            throw error;
          }
        },
        keep: async ({ name }) => {
          await session.query(
            `insert into known_${name} select source_key, legacy_key from expected where outcome = 'loaded'`,
          );
        },
        named: async () => [],
        close: async () => session.release(true),
      };
    },
  };
}
