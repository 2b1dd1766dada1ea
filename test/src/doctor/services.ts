/** Situations in which a service is missing, or the run stands still. */
import { seedRun } from "@nexus/shared/testing";
import { expect } from "vitest";
import { onOffer, type Situation } from "./situation.ts";
import { found } from "./ward.ts";

export const services: readonly Situation[] = [
  {
    name: "batches are on offer, and no loader runs",
    prepare: async (ward) => {
      await ward.start("extractor");
      await ward.nexus("start --entities practices");
      await onOffer(ward);
    },
    wrong: ["no_loader"],
    says: /^practices: \d+ batches are on offer, and no loader listens$/,
    next: /start a loader/,
  },
  {
    name: "a run was started, and no extractor runs",
    prepare: async (ward) => void (await ward.nexus("start")),
    wrong: ["no_extractor"],
    says: /^run 1 is planned, and no extractor is connected/,
    next: /start an extractor/,
  },
  {
    name: "a rehearsal of a cut-over was asked for, and no extractor runs",
    prepare: async ({ target }) => {
      await target.query(
        `insert into migration.cutovers (kind, asked, actor, created_at) values ('plan', '{}', 'sam', now() - interval '5 s');
         insert into migration.adoptions (kind, asked, actor) values ('plan', '{}', 'sam')`,
      );
    },
    wrong: ["no_extractor"],
    says: /^cut-over 1 was asked for, and no extractor is connected/,
    next: /start an extractor/,
  },
  {
    name: "the source is to be followed, and nobody begins a delta",
    prepare: async ({ target, nexus }) => {
      await nexus("sync --every 10s");
      await target.query("update migration.syncs set created_at = now() - interval '31 s'");
    },
    wrong: ["sync_behind"],
    says: /^the source is to be followed every 10 s, and no delta was begun for \d+ s$/,
    next: /start an extractor/,
  },
  {
    name: "the queue was flushed while nobody was there to notice",
    prepare: async (ward) => {
      const extractor = await ward.start("extractor");
      await ward.nexus("start --entities practices");
      await onOffer(ward);
      await extractor.kill();
      await ward.flushQueue();
    },
    wrong: ["jobs_lost", "no_extractor", "no_loader"],
    says: /^practices: the ledger has \d+ batches on offer, the queue holds 0: it was flushed/,
    next: /^nothing is lost: a running extractor offers them again/,
  },
  {
    name: "a batch failed for good",
    prepare: async (ward) => {
      await Promise.all([ward.start("extractor"), ward.start("loader")]);
      await ward.target.query("alter table public.practices rename column name to name_before");
      await ward.nexus("start");
      await found(ward.target, "select from migration.run_entities where status = 'blocked'");
      await ward.target.query("alter table public.practices rename column name_before to name");
    },
    wrong: ["entity_blocked"],
    says: /^practices is blocked, and its children wait; failed batches: \d+ with 42703 \(42703: a table or column is not what/,
    next: /^mend the cause, then nexus requeue practices --reason …; or nexus waive practices/,
  },
  {
    name: "batches of an earlier run failed, and another run came after it",
    prepare: async ({ target }) => {
      const patients = {
        status: "complete",
        batches: [{ status: "done" }, { status: "failed" }],
      } as const;
      await seedRun(target, { status: "completed", entities: { patients } });
      const repaired = { status: "complete", batches: [{ status: "done" }] } as const;
      await seedRun(target, { status: "completed", entities: { patients: repaired } });
    },
    wrong: ["rows_without_outcome"],
    says: /^patients: 1 batches of 10 rows failed in an earlier run, and nothing was heard of them since$/,
    next: /^mend the cause, then nexus requeue patients$/,
  },
  {
    name: "a patient moved to another practice when no run was active",
    prepare: async ({ target }) => {
      await target.query(
        `insert into public.practices (legacy_id, name) values (1, 'a');
         insert into public.patients (legacy_id) values (1);
         update public.patients set practice_id = (select id from public.practices)`,
      );
    },
    wrong: ["parents_moved"],
    says: /^cases: 1 of their patients changed in what cases derive from them/,
    next: /^nexus start --entities cases$/,
  },
  {
    name: "rows are parked whose parent was skipped",
    prepare: async (ward) => {
      await Promise.all([ward.start("extractor"), ward.start("loader")]);
      const ended = await ward.nexusProcess(
        "start --entities practices,profiles,patients --skip-practices --skip-profiles --wait",
      );
      expect(ended.code, ended.output).toBe(0);
    },
    wrong: ["parent_skipped"],
    says: /^patients: \d+ rows are parked, because their (profiles|practices) are not in the target, and run 1 was told to skip/,
    next: /^nexus start --entities (profiles|practices),patients$/,
  },
  {
    name: "work is ready, nothing moves, and nobody knows why",
    prepare: async (ward) => {
      await ward.start("loader");
      await seedRun(ward.target, {
        status: "running",
        entities: { practices: { status: "planning" } },
      });
      await ward.target.query(
        "update migration.runs set created_at = now() - interval '90 s'; update migration.run_entities set error_code = '55P03'",
      );
    },
    wrong: ["no_extractor", "run_stalled"],
    says: /^run 1: nothing has moved for \d+ s, and work is ready: practices is to be planned \(last error 55P03: a lock was not given in time.*no extractor was ever there, loaders there: 1$/,
    next: /^start what is not there; else mend what the error names/,
  },
  {
    name: "a loader that holds a batch does nothing any more, and keeps its connections",
    prepare: async (ward) => {
      await ward.target.query(
        `create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(2); return null; end $$;
         create trigger slowly before insert on public.practices for each statement execute function slowly()`,
      );
      const [loader] = await Promise.all([ward.start("loader"), ward.start("extractor")]);
      await ward.nexus("start --entities practices");
      await found(ward.target, "select from migration.batches where attempts > 0");
      process.kill(loader.pid, "SIGSTOP");
    },
    wrong: ["run_stalled"],
    says: /^run 1: nothing has moved for \d+ s, and work is ready: practices has 1 batches on offer to the loaders or in their hands; extractors there: 1, no loader was heard of for \d+ s$/,
    next: /^start what is not there; else mend what the error names/,
  },
  {
    name: "the run is paused",
    prepare: async (ward) => {
      await ward.start("extractor");
      await ward.nexus("start");
      await found(ward.target, "select from migration.runs where status = 'running'");
      await ward.nexus("pause --reason lunch");
    },
    wrong: ["run_paused"],
    says: /^run 1 is paused: unverified did that \(lunch\)$/,
    next: /^nexus resume 1$/,
  },
  {
    name: "the run failed before it began",
    prepare: async (ward) => {
      await seedRun(ward.target, { status: "failed", entities: {} });
      await ward.target.query("update migration.runs set error_code = 'source_missing'");
    },
    wrong: ["run_failed"],
    says: /^run 1 failed before it began: source_missing$/,
    next: /^nexus preflight says what the source lacks/,
  },
];
