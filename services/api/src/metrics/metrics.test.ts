import type { Pool } from "@nexus/shared/database";
import { rollUpCounts } from "@nexus/shared/ledger";
import { freshLedger } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { loadingRun, metricsOf } from "../api.fixture.ts";

let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
});

describe("the metrics of a ledger", () => {
  it("show every known label at 0 before there is a run", async () => {
    const text = await metricsOf(target);
    for (const line of [
      `nexus_run_active 0`,
      `nexus_rows{entity="patients",outcome="parked"} 0`,
      `nexus_queue_ready_jobs{queue="load-patients"} 0`,
      `nexus_queue_oldest_job_timestamp_seconds{queue="content"} 0`,
      `nexus_embedding_calls_total{result="throttled"} 0`,
      `nexus_embedding_paused{reason="money_cap"} 0`,
      `nexus_vector_index_pending 0`,
      `nexus_dify_pending_documents{state="indexing"} 0`,
      `nexus_dify_oldest_event_timestamp_seconds 0`,
      `nexus_accounts{state="due"} 0`,
      `nexus_accounts_none{reason="case_variant"} 0`,
      `nexus_accounts_refused{code="address_taken"} 0`,
      `nexus_accounts_stalled_seconds 0`,
      `nexus_entity_ready_batch_timestamp_seconds{entity="patients"} 0`,
    ])
      expect(text).toContain(`${line}\n`);
  });

  it("count only batches whose parents are settled as ready, and what was offered by itself", async () => {
    const runId = await loadingRun(target);
    await rollUpCounts(target, runId, ["patients"]);
    await target.query(
      "update migration.batches set queued_at = to_timestamp(1700000000) where status = 'queued'",
    );
    const text = await metricsOf(target);
    expect(text).toContain(`nexus_queue_ready_jobs{queue="load-patients"} 1\n`);
    expect(text).toContain(`nexus_queue_ready_jobs{queue="load-profiles"} 0\n`);
    expect(text).toContain(`nexus_queue_offered_jobs{queue="load-patients"} 1\n`);
    expect(text).toContain(
      `nexus_queue_oldest_job_timestamp_seconds{queue="load-patients"} 1700000000\n`,
    );
    expect(text).toMatch(/^nexus_batch_done_timestamp_seconds 1\d{9}/m);
    await target.query("update migration.runs set status = 'paused'");
    expect(await metricsOf(target)).toContain(`nexus_queue_ready_jobs{queue="load-patients"} 0\n`);
  });

  it("show what embedding waits for, costs and may cost", async () => {
    await target.query(
      `insert into migration.content_events (content_type, target_ids, pages_done)
         select 'patient', array_fill(gen_random_uuid(), array[120]), array[0];
       insert into migration.embedding_usage (model, day, calls, tokens, throttled, microdollars)
         values ('m', '2026-01-01', 5, 700, 2, 1500000), ('m', '2026-01-02', 1, 100, 0, 500000),
           ('dify', '2026-01-02', 9, 0, 9, 0);
       insert into migration.rate_budget (model, requests_per_minute, request_rate, request_burst, token_rate, token_burst,
           requests, tokens, microdollars_per_million_tokens, cap_microdollars, run_microdollars)
         values ('m', 60, 1, 1, 1, 1, 0, 0, 20000, 2000000, 2000000)`,
    );
    const text = await metricsOf(target);
    for (const line of [
      `nexus_queue_ready_jobs{queue="content"} 2`,
      `nexus_queue_offered_jobs{queue="content"} 0`,
      `nexus_embedding_calls_total{result="answered"} 6`,
      `nexus_embedding_calls_total{result="throttled"} 2`,
      `nexus_embedding_tokens_total 800`,
      `nexus_embedding_cost_dollars_total 2`,
      `nexus_embedding_cap_dollars 2`,
      `nexus_embedding_paused{reason="money_cap"} 1`,
      `nexus_embedding_quota_per_minute{of="requests"} 60`,
    ])
      expect(text).toContain(`${line}\n`);
  });

  it("show what Dify waits for, and whether it pauses", async () => {
    await target.query(
      `insert into migration.content_events (content_type, target_ids, created_at, done_at, dify_open)
         select 'case', array_fill(gen_random_uuid(), array[7]), to_timestamp(1700000000 + n), now(), n > 0
         from generate_series(0, 2) n;
       insert into migration.dify_documents (content_type, content_id, due_at, indexing_since)
         select 'case', gen_random_uuid(), case when n > 1 then now() end, case when n > 2 then now() end
         from generate_series(1, 5) n;
       insert into migration.rate_budget (model, request_rate, request_burst, token_rate, token_burst, requests, tokens,
           microdollars_per_million_tokens, paused_at, probe_at, probe_delay, pause_reason)
         values ('dify', 1, 1, 1, 1, 0, 0, 0, now(), now(), '1 s', 'stopped')`,
    );
    const text = await metricsOf(target);
    for (const line of [
      `nexus_dify_pending_documents{state="offered"} 14`,
      `nexus_dify_pending_documents{state="open"} 1`,
      `nexus_dify_pending_documents{state="indexing"} 3`,
      `nexus_dify_oldest_event_timestamp_seconds 1700000001`,
      `nexus_dify_paused{reason="stopped"} 1`,
      `nexus_dify_paused{reason="throttled"} 0`,
      `nexus_embedding_paused{reason="stopped"} 0`,
    ])
      expect(text).toContain(`${line}\n`);
  });

  it("show accounts by what became of them, and whether they pause or stand still", async () => {
    await seedAccounts(target);
    const text = await metricsOf(target);
    for (const line of [
      `nexus_accounts{state="due"} 2`,
      `nexus_accounts{state="done"} 5`,
      `nexus_accounts{state="unwanted"} 1`,
      `nexus_accounts{state="removing"} 1`,
      `nexus_accounts_refused{code="address_taken"} 1`,
      `nexus_accounts_refused{code="other"} 1`,
      `nexus_accounts_none{reason="inactive"} 3`,
      `nexus_accounts_none{reason="other"} 7`,
      `nexus_accounts_paused{reason="stopped"} 1`,
      `nexus_embedding_paused{reason="stopped"} 0`,
      `nexus_embedding_calls_total{result="throttled"} 0`,
      `nexus_accounts_stalled_seconds 3600`,
    ])
      expect(text).toContain(`${line}\n`);
  });

  it("show since when the first batch that was not offered is ready, of entities that load", async () => {
    const runId = await loadingRun(target);
    await target.query(
      `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status, available_at)
         select $1, entity, n, n, n + 1, 1, 'planned', to_timestamp(1700000000 + n)
         from unnest(array['patients', 'profiles']) entity, generate_series(100, 102) n`,
      [runId],
    );
    const text = await metricsOf(target);
    expect(text).toContain(
      `nexus_entity_ready_batch_timestamp_seconds{entity="patients"} 1700000100\n`,
    );
    expect(text).toContain(`nexus_entity_ready_batch_timestamp_seconds{entity="profiles"} 0\n`);
  });

  it("read as few rows of a large ledger as of a small one", async () => {
    const runId = await loadingRun(target);
    await target.query("update migration.runs set accounts = true");
    const small = await rowsRead(() => metricsOf(target));
    await target.query(
      `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status, finished_at)
         select ${runId}, 'patients', n, n, n + 1, 1, 'done', now() from generate_series(100, 20000) n;
       insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason)
         select ${runId}, 'patients', 1000 + n, (select min(id) from migration.batches), 'rejected', 'r' from generate_series(1, 20000) n;
       insert into migration.embedding_items (content_type, content_id, version, chunks)
         select 'patient', gen_random_uuid(), '1', 1 from generate_series(1, 20000);
       insert into migration.content_events (content_type, target_ids, done_at)
         select 'patient', '{}', now() from generate_series(1, 20000);
       insert into migration.dify_documents (content_type, content_id, due_at)
         select 'patient', gen_random_uuid(), null from generate_series(1, 20000);
       insert into migration.accounts (legacy_id, profile_id, run_id, reason, state, settled_at)
         select n, gen_random_uuid(), ${runId}, case when n > 2000 then 'no_address' end, case when n > 2000 then 'none' else 'done' end,
           case when n <= 2000 then now() end from generate_series(1, 20000) n`,
    );
    await target.query("analyze");
    const large = await rowsRead(() => metricsOf(target));
    expect(small).toBeGreaterThan(0);
    expect(large).toBeLessThan(small + 50);
  });
});

/** Of ten users who are to have an account five have one; `stranger` is a reason that nobody knows. */
async function seedAccounts(db: Pool): Promise<void> {
  await db.query(
    `insert into migration.runs (status, embeddings, accounts) values ('completed', false, true);
     insert into migration.account_decisions (run_id, before_profiles, users, counts, decided_at)
       values (1, false, 20, '{"account": 10, "inactive": 3, "stranger": 7}', now() - interval '2 h');
     insert into migration.accounts (legacy_id, profile_id, run_id, reason, state, code, settled_at)
       select n, gen_random_uuid(), 1, case n when 11 then 'inactive' end,
         case when n in (6, 7) then 'due' when n in (8, 9) then 'refused' when n = 10 then 'removing' else 'done' end,
         case n when 8 then 'address_taken' when 9 then 'validation_failed' end, now() - interval '1 h' from generate_series(1, 11) n;
     insert into migration.embedding_usage (model, day, throttled) values ('accounts', '2026-01-02', 9);
     insert into migration.rate_budget (model, request_rate, request_burst, token_rate, token_burst, requests, tokens,
         microdollars_per_million_tokens, paused_at, probe_at, probe_delay, pause_reason)
       values ('accounts', 1, 1, 1, 1, 0, 0, 0, now(), now(), '1 s', 'stopped')`,
  );
}

/** Rows that PostgreSQL fetched from tables and indexes of the ledger for something. */
async function rowsRead(something: () => Promise<unknown>): Promise<number> {
  const before = await fetched();
  await something();
  return (await fetched()) - before;
}

async function fetched(): Promise<number> {
  await target.query("select pg_stat_force_next_flush()");
  const { rows } = await target.query<{ rows: number }>(
    `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint as rows
     from pg_stat_user_tables where schemaname = 'migration'`,
  );
  return rows[0]?.rows ?? 0;
}
