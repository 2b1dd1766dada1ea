/** What tests of backups begin with: a run that takes them, whose entities are planned, and a folder for the files. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { entities } from "@nexus/catalog";
import { type BackupPlace, openPool, type Pool, withPool } from "@nexus/shared/database";
import {
  type Backup,
  listBackups,
  migrateTarget,
  planCursor,
  recordPlan,
  wantBackups,
} from "@nexus/shared/ledger";
import {
  freshDatabase,
  freshLogin,
  runningRun,
  type TestContext,
  withoutPgDump,
} from "@nexus/shared/testing";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";

const run = promisify(execFile);

export interface BackupTest {
  readonly deps: Deps;
  readonly target: Pool;
  readonly runId: number;
  readonly folder: string;
  readonly place: BackupPlace;
}

/** Each of `names` is planned, with a batch of ten keys. Row security binds a plain role, and no superuser. Skips where there is no pg_dump. */
export async function backupTest(
  context: TestContext,
  names: readonly string[],
  owner: "superuser" | "plain role" = "superuser",
): Promise<BackupTest> {
  const missing = withoutPgDump();
  if (missing !== undefined) context.skip(missing);
  const usual = await extractorUnderTest(context);
  const target = owner === "superuser" ? usual.target : await targetOfPlainRole(context);
  const deps = { ...usual, target };
  const folder = await mkdtemp(join(tmpdir(), "nexus-backups-"));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const runId = await runningRun(target, names);
  await wantBackups(target, runId);
  for (const entity of names) await plan(target, runId, entity);
  const place = { to: folder, command: undefined, silenceMs: 20_000 };
  return { deps, target, runId, folder, place };
}

async function targetOfPlainRole(context: TestContext): Promise<Pool> {
  const database = await freshDatabase(context);
  const login = await freshLogin(context, database);
  await withPool({ url: database, max: 1, name: "nexus-test" }, (superuser) =>
    superuser.query(
      `grant usage, create on schema public to ${login.username}; alter database ${login.pathname.slice(1)} owner to ${login.username}`,
    ),
  );
  const onError = () => undefined;
  const target = openPool({ url: login.href, max: 5, name: "nexus-test", onError });
  context.onTestFinished(async () => {
    await target.end();
    await withPool({ url: database, max: 1, name: "nexus-test" }, (superuser) =>
      superuser.query(`alter database ${login.pathname.slice(1)} owner to current_user`),
    );
  });
  await migrateTarget({ target, entities });
  return target;
}

async function plan(target: Pool, runId: number, entity: string): Promise<void> {
  const cursor = await planCursor(target, runId, entity);
  if (cursor === undefined) throw new Error(`${entity} is planned already`);
  await recordPlan(target, runId, entity, cursor, [{ after: 0, to: 10, expected: 10 }], true);
}

/** Each row of a table in a dump, as COPY writes it. */
export async function rowsIn(file: string, table: string): Promise<string[]> {
  const args = ["--data-only", "--enable-row-security", `--table=${table}`, "--file=-", file];
  const { stdout } = await run("pg_restore", args);
  const [, rows = ""] = /^COPY [^\n]*FROM stdin;\n(.*?)\\\.$/ms.exec(stdout) ?? [];
  return rows.split("\n").filter((line) => line !== "");
}

/** The only backup. */
export async function onlyBackup(target: Pool): Promise<Backup> {
  const [backup, more] = await listBackups(target, { limit: 1 });
  if (backup === undefined || more !== undefined) throw new Error("there is not one backup");
  return backup;
}

/** As if the wait for the next try were over. */
export async function untilNextTry(target: Pool): Promise<void> {
  await target.query("update migration.backups set available_at = now()");
}

/** Sessions of pg_dump on the target. */
export async function dumpSessions(target: Pool): Promise<number> {
  const { rows } = await target.query<{ sessions: number }>(
    `select count(*) as sessions from pg_stat_activity
     where datname = current_database() and application_name = 'nexus-backup'`,
  );
  return rows[0]?.sessions ?? 0;
}
