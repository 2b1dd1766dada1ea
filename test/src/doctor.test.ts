/** `nexus doctor` before broken situations, on real servers and services: it must name the cause of each, and cry no other. */
import { createHash } from "node:crypto";
import {
  eventually,
  freePort,
  freshDatabase,
  freshLogin,
  seedRun,
  type TestContext,
} from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { hold } from "./chaos/hold.ts";
import { found, openWard, type Ward } from "./ward.ts";

interface Situation {
  readonly name: string;
  /** Breaks something. What it returns replaces variables of the doctor's environment. */
  readonly prepare: (ward: Ward, context: TestContext) => Promise<Readonly<Record<string, string>> | void>;
  /** The codes of all that is wrong. */
  readonly wrong: readonly string[];
  /** The sentence that names the cause, and what to do next. */
  readonly says: RegExp;
  readonly next: RegExp;
}

const services: readonly Situation[] = [
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
    next: /^mend the cause, then nexus requeue practices; or nexus waive practices/,
  },
  {
    name: "rows are parked whose parent was skipped",
    prepare: async (ward) => {
      await Promise.all([ward.start("extractor"), ward.start("loader")]);
      const ended = await ward.nexus(
        "start --entities practices,profiles,patients --skip-practices --skip-profiles --wait",
      );
      expect(ended.code, ended.output).toBe(0);
    },
    wrong: ["parent_skipped"],
    says: /^patients: \d+ rows are parked, because their (profiles|practices) are not in the target, and run 1 was told to skip/,
    next: /^nexus start --entities (profiles|practices),patients$/,
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

const databases: readonly Situation[] = [
  {
    name: "the target was never migrated",
    prepare: async (_, context) => ({ TARGET_URL: await freshDatabase(context) }),
    wrong: ["target_unfit"],
    says: /the target is not migrated: run `pnpm nexus migrate`/,
    next: /do what it says/,
  },
  {
    name: "the target's URL leads to a transaction pooler",
    prepare: async ({ env }) => {
      const url = new URL(env["TARGET_URL"] ?? "");
      url.port = "6543";
      return { TARGET_URL: url.href };
    },
    wrong: ["variable_wrong"],
    says: /^TARGET_URL uses port 6543, Supabase's transaction mode/,
    next: /^correct TARGET_URL$/,
  },
  {
    name: "the target does not answer",
    prepare: async () => ({ TARGET_URL: `postgres://u:s3cret@127.0.0.1:${await freePort()}/target` }),
    wrong: ["target_unreachable"],
    says: /^TARGET_URL \(127\.0\.0\.1:\d+\/target\): cannot be reached \(ECONNREFUSED\)/,
    next: /^mend that first/,
  },
  {
    name: "the role of the source lacks SELECT on a table",
    prepare: async ({ legacy, env }, context) => {
      const login = await freshLogin(context, env["LEGACY_URL"] ?? "");
      await legacy.query(
        `grant select on all tables in schema public to ${login.username}; revoke select on dispatch_office from ${login.username}`,
      );
      return { LEGACY_URL: login.href };
    },
    wrong: ["legacy_unfit"],
    says: /run "grant select on public\.dispatch_office to nexus_login_\w+"$/,
    next: /do what it says/,
  },
  {
    name: "triggers were switched off, and with them foreign keys",
    prepare: async ({ target }) => void (await target.query("alter table public.cases disable trigger all")),
    wrong: ["target_unfit"],
    says: /triggers of public\.cases are switched off: run "alter table public\.cases enable trigger all"/,
    next: /do what it says/,
  },
  {
    name: "a constraint was never validated",
    prepare: async ({ target }) =>
      void (await target.query(
        "alter table public.cases add constraint short check (length(title) < 9) not valid",
      )),
    wrong: ["target_unfit"],
    says: /constraint short of public\.cases is not validated/,
    next: /do what it says/,
  },
  {
    name: "a session has locked a table of the target",
    prepare: async ({ target }) =>
      void (await hold(target, "lock table public.patients in access exclusive mode")),
    wrong: ["table_locked"],
    says: /^session \d+ \(psql, idle in transaction, in a transaction for \d+ s\) holds a lock on public\.patients; sessions that wait for it: 0$/,
    next: /pg_terminate_backend\(\d+\)/,
  },
  {
    name: "a session that idles in a transaction holds rows that a loader waits for",
    prepare: async (ward) => {
      await ward.start("extractor");
      await ward.nexus("start --entities practices");
      await onOffer(ward);
      await hold(ward.target, "select from migration.batches for update");
      await ward.start("loader");
      await found(
        ward.target,
        "select from pg_stat_activity where application_name = 'nexus-loader' and wait_event_type = 'Lock'",
      );
    },
    wrong: ["table_locked"],
    says: /^session \d+ \(psql, .*holds a lock on migration\.batches; sessions that wait for it: [1-9]/,
    next: /pg_terminate_backend\(\d+\)/,
  },
  {
    name: "the source stalls: somebody has locked a table of it",
    prepare: async (ward) => {
      await Promise.all([ward.start("extractor"), ward.start("loader")]);
      await hold(ward.legacy, "lock table dispatch_office in access exclusive mode");
      await ward.nexus("start --entities practices");
      await found(
        ward.legacy,
        "select from pg_stat_activity where application_name like 'nexus-%' and wait_event_type = 'Lock' and query_start < now() - interval '5 s'",
      );
    },
    wrong: ["source_locked", "source_slow"],
    says: /^session \d+ \(psql\) keeps every reader out of dispatch_office; sessions that wait for it: [1-9]/,
    next: /pg_terminate_backend\(\d+\)/,
  },
];

const surroundings: readonly Situation[] = [
  {
    name: "the queue does not answer",
    prepare: async () => ({ QUEUE_URL: `redis://127.0.0.1:${await freePort()}` }),
    wrong: ["queue_unreachable"],
    says: /^QUEUE_URL: no Redis answers at 127\.0\.0\.1:\d+/,
    next: /^start it, or correct QUEUE_URL; nothing is lost/,
  },
  {
    name: "the API does not answer",
    prepare: async () => ({ NEXUS_API_URL: `http://127.0.0.1:${await freePort()}` }),
    wrong: ["api_unreachable"],
    says: /^no API answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/,
    next: /^start it \(pnpm start:api\), or correct NEXUS_API_URL/,
  },
  {
    name: "a variable is misspelt",
    prepare: async () => ({ LEGACY_URL: "", LEGACY_ULR: "postgres://nobody@nowhere/db" }),
    wrong: ["variable_wrong"],
    says: /LEGACY_ULR is unknown: did you mean LEGACY_URL\?/,
    next: /^correct LEGACY_URL$/,
  },
];

const embeddings: readonly Situation[] = [
  {
    name: "content waits, and no embedder runs",
    prepare: openContent,
    wrong: ["no_embedder"],
    says: /^3 items wait to be embedded, and no embedder listens$/,
    next: /start an embedder/,
  },
  {
    name: "the money cap is reached",
    prepare: async (ward) => {
      await openContent(ward);
      await budget(ward, "cap_microdollars = 2500000, run_microdollars = 2500001");
    },
    wrong: ["money_cap"],
    says: /^the money cap is reached: \$2\.50 of \$2\.50 are spent; 3 items wait$/,
    next: /^raise EMBEDDING_CAP_USD/,
  },
  {
    name: "the breaker is open",
    prepare: async (ward) => {
      await openContent(ward);
      await budget(
        ward,
        "paused_at = now(), pause_reason = 'stopped', pause_code = 'AccessDeniedException', probe_at = now() + interval '40 s', probe_delay = '40 s'",
      );
    },
    wrong: ["breaker_open"],
    says: /^the breaker is open: the provider refuses every call \(AccessDeniedException\); it is asked again in \d+ s; 3 items wait$/,
    next: /^correct region, model access and credentials/,
  },
  {
    name: "the vector index is invalid",
    prepare: async ({ target }, context) => {
      const { rows } = await target.query("select where to_regclass('public.ai_embeddings') is not null");
      if (rows.length === 0) context.skip("this PostgreSQL has no pgvector");
      await target.query(
        `create index ai_embeddings_hnsw on public.ai_embeddings (id);
         update pg_index set indisvalid = false where indexrelid = 'public.ai_embeddings_hnsw'::regclass`,
      );
    },
    wrong: ["index_invalid"],
    says: /^the HNSW index public\.ai_embeddings_hnsw is invalid: its build was interrupted/,
    next: /^an embedder drops and builds it again/,
  },
];

describe.each([...services, ...databases, ...surroundings, ...embeddings])(
  "when $name",
  ({ prepare, wrong, says, next }) => {
    it("the doctor says so, and what to do next", async (context) => {
      const ward = await openWard(context);
      const env = (await prepare(ward, context)) ?? {};
      const seen = await eventually(() => ward.diagnose(env), {
        until: (diagnosis) => wrong.every((code) => diagnosis.wrong.includes(code)),
        within: 40_000,
        every: 200,
      });
      expect([seen.wrong, seen.healthy, seen.code]).toEqual([wrong, false, 1]);
      expect(seen.findings).toContainEqual(
        expect.objectContaining({
          state: "wrong",
          says: expect.stringMatching(says),
          next: expect.stringMatching(next),
        }),
      );
      expect(JSON.stringify(seen)).not.toContain("s3cret");
    }, 120_000);
  },
);

describe("when nothing is wrong", () => {
  it("the doctor says so, in the middle of nothing and after a run", async (context) => {
    const ward = await openWard(context);
    expect(await ward.diagnose()).toMatchObject({ healthy: true, code: 0, wrong: [] });
    await Promise.all([ward.start("extractor"), ward.start("loader"), ward.start("loader")]);
    const ended = await ward.nexus("start --skip-ai-embeddings --wait");
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).toMatch(/^case_states +complete +100 %/m);
    expect(ended.output).toMatch(/^run 1 is completed/m);
    const { code, output } = await ward.nexus("doctor");
    expect(output).toMatch(/^well +target +it is migrated, ours, and enforces its constraints$/m);
    expect(output).toMatch(/^well +run +run 1 is completed$/m);
    expect(output).toMatch(/^nothing is wrong$/m);
    expect(code).toBe(0);
  }, 120_000);
});

describe("when little is known", () => {
  it("the doctor says what it could not look at, and takes the API's word for the run", async (context) => {
    const ward = await openWard(context);
    await seedRun(ward.target, { status: "paused", entities: {} });
    const seen = await ward.diagnose({ TARGET_URL: "", LEGACY_URL: "", QUEUE_URL: "" });
    expect(seen.wrong).toEqual(["run_paused"]);
    const unchecked = seen.findings
      .filter(({ state }) => state === "unchecked")
      .map(({ says }) => says.split(" ")[0]);
    expect(unchecked).toEqual(["TARGET_URL", "LEGACY_URL", "QUEUE_URL"]);
  });

  it("the doctor names a token that the API does not know", async (context) => {
    const hash = createHash("sha256").update("known").digest("hex");
    const ward = await openWard(context, { API_TOKENS: `vera:viewer:${hash}` });
    const refused = await ward.diagnose({ NEXUS_TOKEN: "s3cret" });
    expect(refused.wrong).toEqual(["api_refuses"]);
    expect(JSON.stringify(refused)).not.toContain("s3cret");
    expect(await ward.diagnose({ NEXUS_TOKEN: "known" })).toMatchObject({ healthy: true });
  });
});

async function onOffer({ target }: Ward): Promise<void> {
  await found(target, "select from migration.batches where status = 'queued'");
}

async function openContent({ target }: Ward): Promise<void> {
  await target.query(
    `insert into migration.content_events (content_type, target_ids)
     values ('patients', array[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()])`,
  );
}

async function budget({ target }: Ward, set: string): Promise<void> {
  await target.query(
    `insert into migration.rate_budget
       (model, request_rate, request_burst, token_rate, token_burst, requests, tokens, microdollars_per_million_tokens)
     values ('titan', 1, 1, 1, 1, 1, 1, 20000);
     update migration.rate_budget set ${set}`,
  );
}
