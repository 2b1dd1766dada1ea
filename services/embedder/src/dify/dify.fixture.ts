/** A Dify consumer of one test: on a migrated target of its own, and a stand-in of its own. */
import { contentOf, entities } from "@nexus/catalog";
import { DIFY_KEY, type DifyOptions, type DifyServer, startDify } from "@nexus/local/dify";
import type { Pool } from "@nexus/shared/database";
import { DIFY_BUDGET, difyProgress, type DifyProgress, openBudget } from "@nexus/shared/ledger";
import { openLog } from "@nexus/shared/telemetry";
import { eventually, freshTarget, type TestContext } from "@nexus/shared/testing";
import { randomUUID } from "node:crypto";
import type { DifyDeps } from "./deps.ts";
import { openDify } from "./client.ts";
import { consume } from "./consume.ts";

export interface DifyUnderTest {
  readonly target: Pool;
  readonly server: DifyServer;
  /** Another consumer on the same target. */
  consumer(
    pace?: Partial<DifyDeps["settings"]>,
    routes?: "hyphens" | "underscores",
  ): Promise<DifyDeps>;
  practice(name: string): Promise<string>;
  newCase(title: string, practiceId: string | null): Promise<string>;
  newCases(count: number, practiceId: string): Promise<string[]>;
  /** A template without a practice. */
  newSharedTemplate(name: string): Promise<string>;
  rename(caseId: string, title: string): Promise<void>;
  offer(contentType: string, ids: readonly string[]): Promise<void>;
  /** Offers cases and works until nothing is left to do. */
  fill(...caseIds: readonly string[]): Promise<void>;
  /** Rounds of consumers until `until`; one of its own if none is given. */
  work(
    until: (progress: DifyProgress) => boolean,
    consumers?: readonly DifyDeps[],
  ): Promise<DifyProgress>;
  /** Why a content has no document as it should, and attempts that were spent. */
  failure(contentId: string): Promise<{ code: string | null; attempts: number } | undefined>;
}

const PACE: DifyDeps["settings"] = {
  claimMs: 5_000,
  settleMs: 300,
  ratePauseMs: 300,
  pollMs: 20,
  retryMs: 20,
};

/** As far as it can go by itself. */
export const idle = ({ status }: DifyProgress): boolean => status === "idle";

/** Skips the test where this run has no PostgreSQL. */
export async function difyUnderTest(
  context: TestContext,
  options: DifyOptions = {},
): Promise<DifyUnderTest> {
  const target = await freshTarget(context);
  const server = await startDify(options);
  context.onTestFinished(() => server.close());
  const own = await consumerOn(target, server);
  const made: DifyUnderTest = {
    target,
    server,
    consumer: (pace, routes) => consumerOn(target, server, pace, routes),
    practice: (name) =>
      insert(target, `insert into public.practices (id, name) values ($1, $2)`, [name]),
    newCase: (title, practiceId) =>
      insert(target, `insert into public.cases (id, title, practice_id) values ($1, $2, $3)`, [
        title,
        practiceId,
      ]),
    newCases: async (count, practiceId) => {
      const ids: string[] = [];
      for (let n = 0; n < count; n++)
        ids.push(await made.newCase(`Arch of visit ${n}`, practiceId));
      return ids;
    },
    newSharedTemplate: (name) =>
      insert(target, `insert into public.workflow_templates (id, name) values ($1, $2)`, [name]),
    rename: async (caseId, title) => {
      await target.query(`update public.cases set title = $2 where id = $1`, [caseId, title]);
      await made.offer("case", [caseId]);
    },
    offer: (contentType, ids) => offer(target, contentType, ids),
    fill: async (...ids) => {
      if (ids.length > 0) await made.offer("case", ids);
      await made.work(idle);
    },
    work: (until, consumers = [own]) => work(target, until, consumers),
    failure: (contentId) => failure(target, contentId),
  };
  return made;
}

async function consumerOn(
  target: Pool,
  { url }: DifyServer,
  pace: Partial<DifyDeps["settings"]> = {},
  routes: "hyphens" | "underscores" = "hyphens",
): Promise<DifyDeps> {
  const log = openLog("test");
  log.level = "silent";
  const health = { answeredAt: -Infinity };
  const onAnswer = (): void => void (health.answeredAt = performance.now());
  const unlimited = {
    requestsPerMinute: null,
    tokensPerMinute: null,
    usdPer1kTokens: 0,
    capUsd: null,
  };
  return {
    target,
    dify: openDify({
      url,
      apiKey: DIFY_KEY,
      timeoutMs: 200,
      routes,
      indexing: "high_quality",
      onAnswer,
    }),
    budget: await openBudget(target, { model: DIFY_BUDGET, ...unlimited }),
    contents: contentOf(entities),
    consumed: () => {},
    log,
    settings: { ...PACE, ...pace },
    health,
  };
}

async function work(
  target: Pool,
  until: (progress: DifyProgress) => boolean,
  consumers: readonly DifyDeps[],
): Promise<DifyProgress> {
  const signal = new AbortController().signal;
  const look = async (): Promise<DifyProgress> => {
    await Promise.all(consumers.map((deps) => consume(deps, { calls: 4, tickMs: 10 }, signal)));
    return await difyProgress(target);
  };
  return await eventually(look, { until, within: 20_000, every: 5 });
}

async function failure(target: Pool, contentId: string): ReturnType<DifyUnderTest["failure"]> {
  const { rows } = await target.query<{ code: string | null; attempts: number }>(
    `select code, attempts from migration.dify_documents where content_id = $1`,
    [contentId],
  );
  return rows[0];
}

async function insert(target: Pool, sql: string, values: readonly unknown[]): Promise<string> {
  const id = randomUUID();
  await target.query(sql, [id, ...values]);
  return id;
}

async function offer(target: Pool, contentType: string, ids: readonly string[]): Promise<void> {
  await target.query(
    `insert into migration.content_events (content_type, target_ids, done_at, dify_open) values ($1, $2::uuid[], now(), true)`,
    [contentType, ids],
  );
}
