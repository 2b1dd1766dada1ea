/** A backup is taken before the first write, whole, by one extractor; without it nothing is written. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { claimBackup, gateIsOpen, listBackups } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { dispatch } from "../dispatch.ts";
import { runOf } from "../extractor.fixture.ts";
import { type BackupTest, backupTest, dumpSessions, onlyBackup, rowsIn } from "./backup.fixture.ts";
import { takeBackup } from "./take-backup.ts";

let test: BackupTest;

beforeEach(async (context) => {
  test = await backupTest(context, ["practices"]);
  await test.target.query(ROWS);
});

/** One of ours with a column of others, and one of others. */
const ROWS = `
  alter table public.practices add column note text;
  insert into public.practices (legacy_id, name, note) values (1, 'ours', 'theirs'), (null, 'a stranger', null)`;

async function take(): Promise<void> {
  await takeBackup(test.deps, test.place);
}

describe("the gate", () => {
  it("is closed to dispatcher and loader until the backup is taken, and opens with it", async () => {
    const { deps, target, runId } = test;
    const run = await runOf(deps);
    expect(await dispatch(deps, run)).toBe(false);
    expect(await gateIsOpen(target, runId, "practices", [])).toBe(false);
    await take();
    expect(await gateIsOpen(target, runId, "practices", [])).toBe(true);
    expect(await dispatch(deps, run)).toBe(true);
  });

  it("asks for no backup in a run that began without", async () => {
    const { deps, target } = test;
    await target.query("update migration.runs set backup = false");
    await take();
    expect(await listBackups(target, { limit: 1 })).toEqual([]);
    expect(await dispatch(deps, await runOf(deps))).toBe(true);
  });

  it("lets an entity be backed up after its parents are settled, not before", async (context) => {
    const { deps, target, place } = await backupTest(context, ["practices", "profiles"]);
    await takeBackup(deps, place);
    await takeBackup(deps, place);
    expect((await listBackups(target, { limit: 1 })).map(({ entity }) => entity)).toEqual([
      "practices",
    ]);
    await target.query("update migration.run_entities set status = 'complete' where position = 0");
    await takeBackup(deps, place);
    expect((await listBackups(target, { limit: 1 })).map(({ entity }) => entity)).toEqual([
      "practices",
      "profiles",
    ]);
  });
});

describe("a backup", () => {
  it("has every row and column, those of others too, under row security that binds its owner", async (context) => {
    const { deps, target, place } = await backupTest(context, ["practices"], "plain role");
    await target.query(ROWS);
    await takeBackup(deps, place);
    const { file } = await onlyBackup(target);
    const rows = await rowsIn(file ?? "", "practices");
    expect(rows).toHaveLength(2);
    expect(rows.join()).toMatch(/ours.*theirs|theirs.*ours/);
    expect(rows.join()).toContain("a stranger");
  });

  it("is in the ledger as it is on the disk: named by run and entity, readable by its owner only", async () => {
    await take();
    const backup = await onlyBackup(test.target);
    const content = await readFile(backup.file ?? "");
    expect(backup).toMatchObject({
      runId: test.runId,
      status: "done",
      tables: ["practices"],
      keptBy: "folder",
      bytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
      errorCode: null,
    });
    expect(basename(backup.file ?? "")).toMatch(
      new RegExp(`^run-${test.runId}-practices-\\d{8}T\\d{6}Z\\.dump$`),
    );
    expect(await readdir(test.folder)).toEqual([basename(backup.file ?? "")]);
    expect((await stat(backup.file ?? "")).mode & 0o777).toBe(0o600);
  });

  it("of cases has the tables that move with them", async (context) => {
    const { deps, target, place } = await backupTest(context, ["cases"]);
    await takeBackup(deps, place);
    expect((await onlyBackup(target)).tables).toEqual(["cases", "projects", "case_states"]);
  });
});

describe("of several extractors", () => {
  it("one takes it: another passes it by while the claim lasts", async () => {
    const waiting = { runId: test.runId, entity: "practices" };
    expect(await claimBackup(test.target, waiting, [], ["practices"])).toBeDefined();
    await take();
    expect((await onlyBackup(test.target)).status).toBe("running");
  });

  it("another one takes the backup of one that is gone, and what the first one finishes later counts for nothing", async () => {
    const { target, deps, place } = test;
    const holder = await target.connect();
    await holder.query("begin; lock table public.practices in access exclusive mode");
    const first = takeBackup(deps, place);
    await eventually(async () => (await dumpSessions(target)) === 1);
    await target.query("update migration.backups set claimed_until = now() - interval '1 second'");
    const second = takeBackup(deps, place);
    await eventually(async () => (await dumpSessions(target)) === 2);
    await holder.query("rollback");
    holder.release();
    await Promise.all([first, second]);
    const { status, file } = await onlyBackup(target);
    expect(status).toBe("done");
    expect(await readdir(test.folder)).toEqual([basename(file ?? "")]);
    const { rows } = await target.query("select claim from migration.backups");
    expect(rows).toEqual([{ claim: 2 }]);
  });

  it("one that is told to stop ends its pg_dump, leaves no file, and its claim is free at once", async () => {
    const { target, deps, place } = test;
    const stopping = new AbortController();
    const holder = await target.connect();
    await holder.query("begin; lock table public.practices in access exclusive mode");
    const taking = takeBackup({ ...deps, signal: stopping.signal }, place);
    await eventually(async () => (await dumpSessions(target)) === 1);
    stopping.abort();
    await expect(taking).rejects.toThrow();
    await eventually(async () => (await dumpSessions(target)) === 0);
    await holder.query("rollback");
    holder.release();
    expect(await readdir(test.folder)).toEqual([]);
    expect((await onlyBackup(target)).status).toBe("waiting");
    await take();
    expect(await onlyBackup(target)).toMatchObject({ status: "done", errorCode: null });
  });
});
