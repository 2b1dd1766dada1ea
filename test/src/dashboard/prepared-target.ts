/** A target in the middle of its third run: rows rejected and parked, ranges that failed for good, content half embedded. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import { openPool, type Queryable } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { freshDatabase, type TestContext } from "@nexus/shared/testing";
import { writeAdoptions, writeVerification } from "./prepared-findings.ts";

/** Rows of each entity, in ranges of a hundred. */
const ROWS: Readonly<Record<string, number>> = {
  practices: 120,
  profiles: 8_340,
  workflow_templates: 340,
  practice_members: 420,
  patients: 12_400,
  cases: 21_060,
  case_states: 30_150,
  projects: 17_209,
};
const RANGE = 100;
const LOADING = "patients";
const FAILED_RANGES = [31, 57];
const COMPLETE = ["practices", "profiles", "workflow_templates", "practice_members"];

/** The URL of a copy of it, for one test. */
export async function preparedTarget(context: TestContext): Promise<string> {
  const url = await freshDatabase(context, { name: "prepared_dashboard", build });
  const target = openPool({ url, max: 1, name: "test", onError: () => undefined });
  try {
    await target.query(BUILT_NOW);
  } finally {
    await target.end();
  }
  return url;
}

/** What was built minutes ago, for another test, is as it would be had it been built now: else it stands still by and by. */
const BUILT_NOW = `
  do $$
  declare
    age constant interval := now() - interval '9 minutes' - (select started_at from migration.runs where id = 3);
    changed record;
  begin
    for changed in
      select format('migration.%I', table_name) as name, string_agg(format('%1$I = %1$I + $1', column_name), ', ') as columns
      from information_schema.columns join information_schema.tables using (table_schema, table_name)
      where table_schema = 'migration' and table_type = 'BASE TABLE' and data_type = 'timestamp with time zone' and is_generated = 'NEVER'
      group by table_name
    loop
      execute 'update ' || changed.name || ' set ' || changed.columns using age;
    end loop;
  end $$`;

async function build(url: string): Promise<void> {
  const target = openPool({ url, max: 2, name: "test", onError: () => undefined });
  try {
    await migrateTarget({ target, entities });
    await writeRuns(target);
    for (const [position, { name }] of inDependencyOrder(entities).entries())
      await writeEntity(target, name, position);
    await writeExceptions(target);
    await rollUpCounts(target);
    await writeEmbeddings(target);
    await writeDify(target);
    await writeAccounts(target);
    await writeAudit(target);
    await writeAdoptions(target);
    await writeVerification(target);
  } finally {
    await target.end();
  }
}

async function writeRuns(db: Queryable): Promise<void> {
  await db.query(
    `insert into migration.runs (status, embeddings, created_at, started_at, finished_at) values
       ('completed', true, now() - interval '2 days', now() - interval '2 days', now() - interval '47 hours'),
       ('cancelled', false, now() - interval '5 hours', now() - interval '5 hours', now() - interval '4 hours'),
       ('running', true, now() - interval '10 minutes', now() - interval '9 minutes', null)`,
  );
}

/** Run 3: four entities are through, patients load, the rest waits at its gates. */
async function writeEntity(db: Queryable, entity: string, position: number): Promise<void> {
  const ranges = Math.ceil((ROWS[entity] ?? 0) / RANGE);
  const complete = COMPLETE.includes(entity);
  const status = complete ? "complete" : entity === LOADING ? "loading" : "planned";
  const began = Math.max(1, 9 - position);
  await db.query(
    `insert into migration.run_entities (run_id, entity, position, status, expected, batches, started_at, settled_at)
     values (3, $1::text, $2, $3::text, $4, $5,
       case when $3 <> 'planned' then now() - $6 * interval '1 min' end,
       case when $3 = 'complete' then now() - ($6 - 1) * interval '1 min' end)`,
    [entity, position, status, ROWS[entity], ranges, began],
  );
  const done = complete ? ranges : entity === LOADING ? 76 : 0;
  await db.query(
    `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status, attempts, finished_at, duration_ms, source_ms, error_code)
     select 3, $1::text, n, (n - 1) * $2::int, n * $2::int, least($2::int, $3::int - (n - 1) * $2::int),
       case when failed then 'failed' when n <= $4 then 'done' when n <= $4 + 2 and $4 > 0 then 'queued' else 'planned' end,
       case when failed then 5 when n <= $4 then 1 else 0 end,
       case when n <= $4 then now() - interval '2 s' - ($5 * 60.0 * ($4 - n) / greatest(1, $4)) * interval '1 s' end,
       case when n <= $4 then 900 + (n * 37) % 400 end, case when n <= $4 then 150 + (n * 13) % 90 end,
       case when failed then '57014' end
     from generate_series(1, $6::int) n, lateral (select $1 = '${LOADING}' and n = any($7::int[]) as failed) f`,
    [entity, RANGE, ROWS[entity], done, began, ranges, FAILED_RANGES],
  );
}

const EXCEPTIONS = `
  with kinds (entity, outcome, reason, column_name, missing_entity, every, most) as (values
    ('profiles', 'rejected', 'email_missing', 'email', null, 1100, 8340),
    ('practice_members', 'rejected', 'duplicate_membership', null, null, 37, 420),
    ('patients', 'rejected', 'profile_id_missing', 'profile_id', null, 290, 7600),
    ('patients', 'rejected', 'date_of_birth_unreadable', 'date_of_birth', null, 613, 7600),
    ('patients', 'parked', 'practices_not_in_target', null, 'practices', 131, 7600))
  insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason, column_name, missing_entity, missing_id, created_at)
  select 3, k.entity, key, b.id, k.outcome, k.reason, k.column_name, k.missing_entity, case when k.outcome = 'parked' then 121 + key % 7 end, b.finished_at
  from kinds k, generate_series(k.every, k.most, k.every) key
    join migration.batches b on b.run_id = 3 and b.status = 'done' and key > b.after_key and key <= b.to_key
  where b.entity = k.entity on conflict do nothing`;

async function writeExceptions(db: Queryable): Promise<void> {
  await db.query(EXCEPTIONS);
  await db.query(
    `update migration.batches b set read = expected,
       rejected = x.rejected, parked = x.parked, loaded = expected - x.rejected - x.parked, inserted = expected - x.rejected - x.parked
     from (select b.id, count(e.*) filter (where e.outcome = 'rejected') as rejected, count(e.*) filter (where e.outcome = 'parked') as parked
           from migration.batches b left join migration.exceptions e on e.batch_id = b.id where b.status = 'done' group by b.id) x
     where x.id = b.id`,
  );
}

/** As the tick does. */
async function rollUpCounts(db: Queryable): Promise<void> {
  await db.query(
    `update migration.run_entities e set batches_done = b.done, batches_failed = b.failed, read = b.read, loaded = b.loaded,
       inserted = b.loaded, rejected = b.rejected, parked = b.parked, percent = 100.0 * b.read / e.expected, load_ms = b.load_ms, source_ms = b.source_ms
     from (select entity, count(*) filter (where status = 'done') as done, count(*) filter (where status = 'failed') as failed,
             sum(read) as read, sum(loaded) as loaded, sum(rejected) as rejected, sum(parked) as parked,
             coalesce(sum(duration_ms), 0) as load_ms, coalesce(sum(source_ms), 0) as source_ms
           from migration.batches where run_id = 3 group by entity) b
     where e.run_id = 3 and e.entity = b.entity`,
  );
}

async function writeEmbeddings(db: Queryable): Promise<void> {
  await db.query(
    `insert into migration.content_events (content_type, target_ids)
     select 'patient', array(select gen_random_uuid() from generate_series(1, 250)) from generate_series(1, 14)`,
  );
  await db.query(
    `insert into migration.embedding_items (content_type, content_id, version, chunks, settled_at)
     select 'patient', gen_random_uuid(), '1'::xid, case when n % 40 = 0 then 0 else 1 end, now() - n * interval '0.4 s'
     from generate_series(1, 2300) n`,
  );
  await db.query(
    `insert into migration.embedding_failures (content_type, content_id, version, code)
     select 'patient', gen_random_uuid(), '1'::xid, 'text_too_long' from generate_series(1, 3)`,
  );
  await db.query(
    `insert into migration.rate_budget (model, requests_per_minute, tokens_per_minute, request_rate, request_burst, token_rate, token_burst,
       requests, tokens, share, microdollars_per_million_tokens, cap_microdollars, run_id, run_tokens, run_microdollars)
     values ('amazon.titan-embed-text-v2:0', 60, 300000, 1, 6, 5000, 30000, 0.4, 12000, 0.82, 20000, 5000000, 3, 41200, 1274000)`,
  );
  await db.query(
    `insert into migration.embedding_usage (model, day, calls, tokens, throttled, microdollars)
     values ('amazon.titan-embed-text-v2:0', current_date - 2, 3000, 120000, 4, 2400000),
       ('amazon.titan-embed-text-v2:0', current_date, 2274, 96400, 31, 1928000)`,
  );
}

async function writeDify(db: Queryable): Promise<void> {
  await db.query(
    `insert into migration.dify_datasets (practice_id, dataset_id, adopted) select gen_random_uuid(), 'dataset-' || n, false from generate_series(1, 12) n`,
  );
  await db.query(
    `insert into migration.dify_documents (content_type, content_id, dataset_id, document_id, due_at, code)
     select 'patient', gen_random_uuid(), 'dataset-1', case when n > 2 then 'document-' || n end,
       case when n > 1400 then now() + interval '1 hour' end, case when n <= 2 then 'refused' end from generate_series(1, 1800) n`,
  );
}

/** 9,000 users were looked at in run 1: 1,000 are to have an account, and 640 have one. */
async function writeAccounts(db: Queryable): Promise<void> {
  await db.query(
    `update migration.runs set accounts = true where id = 1;
     insert into migration.account_decisions (run_id, before_profiles, users, counts, decided_at)
     values (1, false, 9000, '{"account": 1000, "no_address": 7000, "inactive": 900, "shared_address": 100}', now());
     insert into migration.accounts (legacy_id, profile_id, run_id, reason, holder, state, code, made_by, password, settled_at)
     select n, gen_random_uuid(), 1,
       case when n > 8900 then 'shared_address' when n > 8000 then 'inactive' when n > 1000 then 'no_address' end,
       case when n > 8900 then n - 8900 end,
       case when n > 1000 then 'none' when n > 992 then 'refused' when n > 640 then 'due' else 'done' end,
       case when n between 993 and 1000 then 'address_taken' end, case when n <= 600 then 1 end,
       case when n <= 200 then 'imported' when n <= 600 then 'password_pbkdf2' end, case when n <= 640 then now() end
     from generate_series(1, 9000) n`,
  );
}

async function writeAudit(db: Queryable): Promise<void> {
  await db.query(
    `insert into migration.audit_log (at, actor, action, run_id, entity, reason) values
       (now() - interval '2 days', 'maria@lab', 'start', 1, null, 'rehearsal with the copy of Friday'),
       (now() - interval '5 hours', 'jonas@platform', 'start', 2, null, 'load only, embeddings are paid for later'),
       (now() - interval '4 hours', 'jonas@platform', 'cancel', 2, null, 'the source copy was a week old'),
       (now() - interval '10 minutes', 'maria@lab', 'start', 3, null, 'the real one'),
       (now() - interval '6 minutes', 'maria@lab', 'requeue', 3, 'profiles', 'e-mail addresses were mended in the source')`,
  );
}
