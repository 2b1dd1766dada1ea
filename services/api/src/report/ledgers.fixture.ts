/** Ledgers in every state that a report may find, for tests. Each entity holds ten rows a batch. */
import type { Pool } from "@nexus/shared/database";
import { rollUpCounts } from "@nexus/shared/ledger";
import { type SeedRun, seedRun } from "@nexus/shared/testing";

/** Writes one into an empty ledger. */
type Ledger = (target: Pool) => Promise<void>;

const DONE = { status: "done" } as const;

/** By what is the matter with them. */
export const ledgers = {
  empty: async () => {},
  planned: run({ status: "planned", entities: { practices: { status: "waiting" } } }),
  running: runningLedger,
  paused: run({
    status: "paused",
    entities: { practices: { status: "loading", batches: [DONE, { status: "planned" }] } },
  }),
  finished: run({
    status: "completed",
    entities: {
      practices: { status: "complete", batches: [DONE, DONE] },
      profiles: { status: "complete", batches: [DONE] },
    },
  }),
  "finished with exceptions": run({
    status: "completed",
    entities: {
      practices: { status: "complete", batches: [{ status: "done", rejected: [1] }, DONE] },
      profiles: { status: "skipped" },
      patients: {
        status: "complete",
        batches: [{ status: "done", rejected: [2, 3], parked: [4] }],
      },
    },
  }),
  blocked: run({
    status: "running",
    entities: {
      practices: { status: "blocked", batches: [DONE, { status: "failed" }] },
      profiles: { status: "planned", batches: [{ status: "planned" }] },
    },
  }),
  failed: run({ status: "failed", entities: { practices: { status: "waiting" } } }),
  cancelled: run({
    status: "cancelled",
    entities: {
      practices: { status: "complete", batches: [DONE] },
      profiles: {
        status: "cancelled",
        batches: [{ status: "done", rejected: [7] }, { status: "cancelled" }],
      },
    },
  }),
  waived: run({
    status: "completed",
    entities: {
      practices: { status: "blocked", batches: [DONE, { status: "failed" }] },
      profiles: { status: "complete", batches: [DONE] },
    },
  }),
  verified: async (target) => {
    await run({
      status: "completed",
      entities: { practices: { status: "complete", batches: [DONE] } },
    })(target);
    await target.query(
      `update migration.runs set verify = true;
       insert into migration.proofs (kind, status, asked, actor, run_id) values ('verification', 'done', '{}', 'extractor', 1);
       insert into migration.proof_entities (proof_id, entity, position, status, rows, counts, vectors)
         values (1, 'practices', 0, 'proved', 9, '{"changed_cell": 3, "stale_row": 4}', '{"items": 9, "pending": 5}'), (1, 'profiles', 1, 'without_twin', 0, '{}', null)`,
    );
  },
  "backed up": async (target) => {
    await run({
      status: "cancelled",
      entities: {
        practices: { status: "complete", batches: [DONE] },
        profiles: { status: "cancelled", batches: [{ status: "cancelled" }] },
      },
    })(target);
    await target.query(
      `update migration.runs set backup = true;
       insert into migration.backups (run_id, entity, tables, status, claimed_until, kept_by, file, bytes, sha256, duration_ms, error_code)
         values (1, 'practices', 'practices', 'done', '-infinity', 'folder', '/backups/run-1-practices.dump', 12345, 'ab', 1500, null),
           (1, 'profiles', 'profiles', 'open', '-infinity', null, null, null, null, null, 'backup_disk_full'),
           (1, 'patients', 'patients', 'given_up', '-infinity', null, null, null, null, null, 'backup_command'),
           (1, 'cases', 'cases', 'waived', '-infinity', null, null, null, null, null, 'backup_command')`,
    );
  },
  requeued: async (target) => {
    const entities = {
      practices: { status: "loading", batches: [DONE, { status: "done", rejected: [12] }] },
    } as const;
    await run({ status: "running", entities })(target);
    await target.query(
      `update migration.batches set status = 'planned', generation = 2 where seq = 2`,
    );
  },
  adopted: async (target) => {
    await run({
      status: "completed",
      entities: { practices: { status: "complete", batches: [DONE] } },
    })(target);
    await target.query(
      `update migration.run_entities set keyed_before = 4, target_rows = 12, adopted = 3, strangers = 2, inserted = 6;
       insert into migration.adopted_changes (batch_id, generation, rows, columns)
         select id, 1, 3, '{"phone": 3, "name": 1}' from migration.batches`,
    );
  },
  unclosed: async (target) => {
    await run({
      status: "completed",
      entities: { practices: { status: "complete", batches: [DONE] } },
    })(target);
    await target.query(`update migration.batches set loaded = loaded - 1`);
  },
} satisfies Record<string, Ledger>;

/** Seeds a run; one that has ended took a minute. */
function run(seed: SeedRun): Ledger {
  return async (target) => {
    const runId = await seedRun(target, seed);
    const ended = ["completed", "failed", "cancelled"].includes(seed.status);
    await target.query(
      `update migration.runs set started_at = now() - interval '60 s', finished_at = case when $1 then now() end,
         error_code = case when status = 'failed' then 'source_missing' end`,
      [ended],
    );
    await target.query(
      `update migration.run_entities set waived = status = 'blocked' and $1, expected = case status when 'skipped' then 5 else expected end,
         excluded = case status when 'skipped' then 5 else 0 end,
         started_at = case when status in ('loading', 'complete', 'blocked', 'cancelled') then now() - interval '50 s' end,
         settled_at = case when status in ('complete', 'blocked') then now() - interval '20 s' end`,
      [ended],
    );
    await target.query(`update migration.batches set error_code = '57014' where status = 'failed'`);
    await rollUpCounts(target, runId, Object.keys(seed.entities));
  };
}

/** All at once: an earlier run, drift, notes, checks, a pause, embeddings that go on, and documents in Dify. */
async function runningLedger(target: Pool): Promise<void> {
  await run({
    status: "completed",
    entities: { patients: { status: "complete", batches: [{ status: "done", rejected: [1] }] } },
  })(target);
  await target.query(`update migration.exceptions set resolved_at = now()`);
  await target.query(`update migration.run_entities set load_ms = 300`);
  await run({
    status: "running",
    entities: {
      practices: { status: "complete", batches: [DONE, DONE] },
      profiles: {
        status: "loading",
        batches: [
          { status: "done", rejected: [3], parked: [4, 5] },
          { status: "queued" },
          { status: "failed" },
        ],
      },
      patients: { status: "planned", batches: [{ status: "planned" }] },
    },
  })(target);
  for (const sql of MORE) await target.query(sql);
  await rollUpCounts(target, 2, ["practices", "profiles", "patients"]);
}

/** Of 15 users 9 are to have an account; one user is gone from the source since. */
const ACCOUNTS = [
  `update migration.runs set accounts = true where id = 2`,
  `insert into migration.account_decisions (run_id, before_profiles, users, counts) values (2, false, 16, '{"account": 9, "inactive": 4, "shared_address": 3}')`,
  `insert into migration.accounts (legacy_id, profile_id, run_id, reason, holder, state, code, made_by, password)
   select n, gen_random_uuid(), case n when 1 then 1 else 2 end, case when n > 14 then 'gone' when n > 12 then 'shared_address' when n > 9 then 'inactive' end,
     case when n in (13, 14) then 1 end, case when n > 10 then 'none' when n > 6 and n < 10 then 'due' when n = 6 then 'refused' else 'done' end,
     case n when 6 then 'address_taken' end, case when n < 5 then 2 end, case when n < 3 then 'imported' when n < 5 then 'password_pbkdf2' end
   from generate_series(1, 15) n`,
];

const MORE = [
  `update migration.runs set embeddings = true, verify = true where id = 2`,
  `update migration.batches set duration_ms = 1000 + 7 * id, finished_at = now() - seq * interval '7 s' where status = 'done' and run_id = 2`,
  `update migration.batches set read = 12, loaded = loaded + 2, noted = 2 where run_id = 2 and entity = 'practices' and seq = 1`,
  `insert into migration.notes select id, code, 'email', array[1, 2] from migration.batches, (values ('email_invalid'), ('text_repaired')) n (code)
   where run_id = 2 and entity = 'practices' and seq = 1`,
  `insert into migration.validations (run_id, entity, name, passed, expected, actual)
   values (2, 'practices', 'sum_closes', true, 22, 22), (2, 'practices', 'rows_sharing_an_email', true, null, 4)`,
  `insert into migration.audit_log (at, actor, action, run_id)
   values (now() - interval '40 s', 'sam', 'pause', 2), (now() - interval '33 s', 'sam', 'resume', 2)`,
  `insert into migration.content_events (content_type, target_ids, pages_done)
   select 'case', array_agg(gen_random_uuid()), '{0}' from generate_series(1, 120)`,
  `insert into migration.embedding_items (content_type, content_id, version, chunks, settled_at)
   select 'case', gen_random_uuid(), '1'::xid, n % 3, now() - n * interval '1 s' from generate_series(1, 50) n`,
  `insert into migration.embedding_failures (content_type, content_id, version, code) values ('case', gen_random_uuid(), '1'::xid, 'too_long')`,
  `insert into migration.embedding_usage (model, day, calls, tokens, throttled, microdollars)
   values ('titan', '2026-01-01', 40, 5000, 3, 100), ('titan', '2026-01-02', 9, 700, 0, 14)`,
  `insert into migration.embedding_usage (model, day, calls, tokens, microdollars) values ('dify', '2026-01-01', 9, 9, 9)`,
  `insert into migration.dify_datasets (dataset_id, adopted) values ('shared', false)`,
  `insert into migration.dify_documents (content_type, content_id, dataset_id, document_id, code, due_at, indexing_since)
   values ('case', gen_random_uuid(), 'shared', 'd', null, null, null), ('case', gen_random_uuid(), null, null, null, now(), null),
     ('case', gen_random_uuid(), 'shared', 'e', null, now(), now()), ('case', gen_random_uuid(), null, null, 'refused', null, null)`,
  `insert into migration.content_events (content_type, target_ids, dify_open, done_at) values ('case', array[gen_random_uuid()], true, now())`,
  ...ACCOUNTS,
];
