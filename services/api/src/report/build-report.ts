/** The report of a run: read from one snapshot of the ledger, then told. Renderings are made of what comes out here, of nothing else. */
import type { BackupView, Report } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { eq, query, read, runs, sql } from "@nexus/shared/tables";
import { difyProgress, embeddingProgress, progressOf } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { workLeft } from "../outlook/evidence.ts";
import { viewOf } from "../progress/progress.ts";
import { type Account, accountOfRun } from "../queries/account-of-run.ts";
import type { RunFacts } from "../queries/find-run.ts";
import {
  type CheckResult,
  listChecks,
  listRepairs,
  listShortfalls,
} from "../queries/list-shortfalls.ts";
import { earlierCosts } from "../queries/measure-pace.ts";
import { changedColumns, targetSums } from "../queries/target-sums.ts";
import { accountsOf } from "./accounts.ts";
import type { Facts } from "./facts.ts";
import { issuesOf } from "./issues.ts";
import { nextStepsOf } from "./next-steps.ts";
import { embeddingPhase, loadPhases, named } from "./phases.ts";
import { checkInWords, wordsFor } from "./reasons.ts";
import { progressRow, totalsOf, verdictOf } from "./standing.ts";
import { summaryOf } from "./summary.ts";

/** `tx` must see one state of the ledger throughout. Undefined: there was no run yet. */
export async function buildReport(
  tx: Queryable,
  catalog: Deps["entities"],
  run: RunFacts | undefined,
): Promise<Report> {
  const facts = await gather(tx, catalog, run);
  const { view: _, ...told } = facts;
  return { ...told, summary: summaryOf(facts), nextSteps: nextStepsOf(facts) };
}

async function gather(
  tx: Queryable,
  catalog: Deps["entities"],
  run: RunFacts | undefined,
): Promise<Facts> {
  const view = await viewOf(tx, catalog, run);
  const accounts = run === undefined ? [] : await accountOfRun(tx, run.id);
  const checks = run === undefined ? [] : await listChecks(tx, run.id);
  const rows = run === undefined ? [] : accounts.map((account) => withIssues(run, account, checks));
  const verdict = verdictOf(run, rows);
  const embedding = await embeddingOf(tx, run);
  const phases =
    run === undefined ? [] : loadPhases(rows, accounts, view.eta, await workOf(tx, run.id));
  return {
    verdict,
    madeAt: await clockOf(tx),
    run: await runOf(tx, run),
    progress: { query: "progress", rows },
    totals: totalsOf(verdict, rows),
    ...(await reasonsOf(tx, run)),
    checks: {
      query: "checks",
      rows: checks.map((check) => ({ ...check, says: checkInWords(check.name) })),
    },
    ...(await targetOf(tx, run)),
    backups: { query: "backups", rows: (view.backups ?? []).map(backupRow) },
    verification: view.verification ? { query: "verification", ...view.verification } : null,
    embedding,
    dify: await difyOf(tx),
    accounts: await accountsOf(tx),
    time: {
      query: "time",
      load: named(view.eta),
      phases: embedding.wanted
        ? [...phases, embeddingPhase(embedding, view.embedding.eta)]
        : phases,
    },
    view,
  };
}

function withIssues(run: RunFacts, account: Account, checks: readonly CheckResult[]) {
  const row = progressRow(run, account);
  const failed = checks.filter(({ entity, passed }) => entity === account.entity && !passed);
  const issues = issuesOf(
    row,
    failed.map(({ name }) => name),
    account,
  );
  return { ...row, issues };
}

async function runOf(tx: Queryable, run: RunFacts | undefined): Promise<Report["run"]> {
  if (run === undefined) return null;
  const { status: _, ...facts } = run;
  return { query: "run", ...facts, seconds: await secondsOf(tx, run.id) };
}

async function secondsOf(tx: Queryable, runId: number): Promise<number | null> {
  const { started_at, finished_at } = runs;
  const seconds = sql<
    number | null
  >`floor(extract(epoch from coalesce(${finished_at}, now()) - ${started_at}))::integer`;
  const [found] = await read(tx, query.select({ seconds }).from(runs).where(eq(runs.id, runId)));
  return found?.seconds ?? null;
}

async function reasonsOf(
  tx: Queryable,
  run: RunFacts | undefined,
): Promise<Pick<Report, "shortfalls" | "repairs">> {
  const shortfalls = run === undefined ? [] : await listShortfalls(tx, run.id);
  const repairs = run === undefined ? [] : await listRepairs(tx, run.id);
  return {
    shortfalls: {
      query: "shortfalls",
      rows: shortfalls.map((one) => ({ ...one, ...wordsFor(one) })),
    },
    repairs: { query: "repairs", rows: repairs },
  };
}

async function targetOf(
  tx: Queryable,
  run: RunFacts | undefined,
): Promise<Pick<Report, "target" | "adopted">> {
  const sums = run === undefined ? [] : await targetSums(tx, run.id);
  const columns = run === undefined ? [] : await changedColumns(tx, run.id);
  return {
    target: { query: "target", rows: sums },
    adopted: { query: "adopted", rows: columns },
  };
}

/** What a report says of a backup. */
function backupRow(one: BackupView): Report["backups"]["rows"][number] {
  const { entity, status, file, bytes, durationMs, sha256, errorCode } = one;
  return { entity, status, file, bytes, durationMs, sha256, errorCode };
}

async function workOf(tx: Queryable, runId: number): Promise<ReadonlyMap<string, number>> {
  return workLeft(await progressOf(tx, runId), await earlierCosts(tx, runId));
}

async function embeddingOf(tx: Queryable, run: RunFacts | undefined): Promise<Report["embedding"]> {
  const { status, pausedBecause, items, vectors, usage, index } = await embeddingProgress(tx);
  return {
    query: "embedding",
    wanted: run?.embeddings ?? false,
    status,
    pausedBecause,
    ...items,
    vectors,
    ...usage,
    costUsd: usage.microdollars / 1e6,
    index: index.state,
  };
}

async function difyOf(tx: Queryable): Promise<Report["dify"]> {
  const { datasets, items } = await difyProgress(tx);
  const used = datasets > 0 || Object.values(items).some((count) => count > 0);
  return used ? { query: "dify", datasets, ...items } : null;
}

/** The instant of the state that `tx` sees, by the target's clock. */
export async function clockOf(tx: Queryable): Promise<string> {
  const found = await tx.query<{ now: string }>(`select to_json(now()) #>> '{}' as now`);
  const [row] = found.rows;
  if (row === undefined) throw new Error("a clock without a row");
  return row.now;
}
