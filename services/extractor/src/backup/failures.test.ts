/** A backup that fails keeps its entity closed, says why without a value, and is tried again. */
import { createHash } from "node:crypto";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BackupPlace } from "@nexus/shared/database";
import { BACKUP_TRIES, backUpAgain, progressOf } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { dispatch } from "../dispatch.ts";
import { runOf } from "../extractor.fixture.ts";
import {
  type BackupTest,
  backupTest,
  dumpSessions,
  onlyBackup,
  untilNextTry,
} from "./backup.fixture.ts";
import { meaningOf } from "./failures.ts";
import { libpqEnvironment } from "./libpq.ts";
import { takeBackup } from "./take-backup.ts";

let test: BackupTest;

beforeEach(async (context) => {
  test = await backupTest(context, ["practices"]);
});

async function take(place: Partial<BackupPlace> = {}): Promise<void> {
  await takeBackup(test.deps, { ...test.place, ...place });
}

/** Nothing is opened, and people are told why. */
async function expectStopped(code: string): Promise<void> {
  const { deps, target, runId } = test;
  expect(await onlyBackup(target)).toMatchObject({ status: "failed", errorCode: code, file: null });
  expect(await dispatch(deps, await runOf(deps))).toBe(false);
  expect(await progressOf(target, runId)).toMatchObject([{ status: "planned", errorCode: code }]);
}

describe("a backup that fails", () => {
  it("stops its entity with a reason, and is taken when the cause is mended", async () => {
    const { deps, target, folder } = test;
    await rename(folder, `${folder}-away`);
    await take();
    await rename(`${folder}-away`, folder);
    await expectStopped("backup_folder");
    await take(); // Not yet: it waits for its next try.
    await expectStopped("backup_folder");
    await untilNextTry(target);
    await take();
    expect((await onlyBackup(target)).status).toBe("done");
    expect(await dispatch(deps, await runOf(deps))).toBe(true);
    expect(await progressOf(target, test.runId)).toMatchObject([
      { status: "loading", errorCode: null },
    ]);
  });

  it("is tried five times, and then its entity is blocked with the reason, until somebody has it tried again", async () => {
    const { deps, target, runId } = test;
    for (let tries = 1; tries <= BACKUP_TRIES; tries += 1) {
      expect(await progressOf(target, runId)).toMatchObject([{ status: "planned" }]);
      await take({ to: "s3://somewhere", command: "exit 1" });
      await untilNextTry(target);
    }
    const blocked = [{ status: "blocked", errorCode: "backup_command", read: 0 }];
    expect(await progressOf(target, runId)).toMatchObject(blocked);
    await take(); // Nobody has asked for it: nothing is tried any more.
    expect(await dispatch(deps, await runOf(deps))).toBe(false);
    expect(await progressOf(target, runId)).toMatchObject(blocked);
    expect(await onlyBackup(target)).toMatchObject({ status: "failed", keptBy: null });

    expect(await backUpAgain(target, runId, "practices")).toBe(true);
    await take();
    expect(await dispatch(deps, await runOf(deps))).toBe(true);
    expect(await progressOf(target, runId)).toMatchObject([{ status: "loading", errorCode: null }]);
    expect(await backUpAgain(target, runId, "practices")).toBe(false);
  });

  it("waits no longer than nothing comes: a lock on its table, for one", async () => {
    const { target } = test;
    const holder = await target.connect();
    await holder.query("begin; lock table public.practices in access exclusive mode");
    await take({ silenceMs: 300 });
    await eventually(async () => (await dumpSessions(target)) === 0);
    await holder.query("rollback");
    holder.release();
    await expectStopped("backup_silent");
    expect(await readdir(test.folder)).toEqual([]);
  });

  it("is refused where a policy would keep rows out of it", async (context) => {
    test = await backupTest(context, ["practices"], "plain role");
    await test.target.query(
      "create policy theirs on public.practices as restrictive for select using (name <> 'hidden')",
    );
    await take();
    await expectStopped("backup_rows_hidden");
  });

  it("is one where there is no pg_dump", async (context) => {
    vi.stubEnv("PATH", test.folder);
    context.onTestFinished(() => void vi.unstubAllEnvs());
    await take();
    vi.unstubAllEnvs();
    await expectStopped("backup_no_pg_dump");
  });

  it("is one where the table is gone", async () => {
    await test.target.query("alter table public.practices rename to elsewhere");
    await take();
    await expectStopped("backup_table_missing");
  });
});

describe("BACKUP_COMMAND", () => {
  it("gets the dump, and the names as variables that no shell reads", async () => {
    const to = `${test.folder}/it's $(a) place`;
    const command = `mkdir -p "$BACKUP_TO" && test -z "$TARGET_URL" && cat > "$BACKUP_DESTINATION" && printf %s "$BACKUP_FILE" > "$BACKUP_TO/name"`;
    await take({ to, command });
    const { keptBy, file, sha256 } = await onlyBackup(test.target);
    const content = await readFile(file ?? "");
    expect(keptBy).toBe("command");
    expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
    expect(file).toBe(join(to, await readFile(join(to, "name"), "utf8")));
  });

  it.each(["exit 3", "cat > /dev/null; exit 3"])(
    "that fails is a failed backup: %s",
    async (command) => {
      await take({ to: "s3://somewhere", command });
      await expectStopped("backup_command");
    },
  );

  it("that stands still is given up with all that it has started", async () => {
    const pid = join(test.folder, "pid");
    await take({
      to: "s3://somewhere",
      command: `sleep 600 & echo $! > '${pid}'; wait`,
      silenceMs: 500,
    });
    await expectStopped("backup_silent");
    const sleeper = Number(await readFile(pid, "utf8"));
    await eventually(() => !isAlive(sleeper));
  });

  it("never gets the end of a dump that failed: it is ended before its input is", async () => {
    const { target, folder } = test;
    const holder = await target.connect();
    await holder.query("begin; lock table public.practices in access exclusive mode");
    const command = `cat > '${folder}/part' && touch '${folder}/taken-for-whole'`;
    const taking = take({ to: folder, command });
    await eventually(async () => (await dumpSessions(target)) === 1);
    await target.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nexus-backup'",
    );
    await taking;
    await holder.query("rollback");
    holder.release();
    await expectStopped("backup_server_away");
    // Nobody's fault: it is not counted.
    expect((await target.query("select failures from migration.backups")).rows).toEqual([
      { failures: 0 },
    ]);
    expect(await readdir(folder)).not.toContain("taken-for-whole");
  });
});

describe("pg_dump", () => {
  it("is told of the server by its environment, and of nothing else", async () => {
    const ca = join(test.folder, "ca.pem");
    await writeFile(ca, "");
    const url = `postgres://sam:s%40cret@[::1]:5433/a%20b?sslmode=require&options=-c%20x%3D1&sslrootcert=${ca}`;
    const told = Object.fromEntries(
      Object.entries(libpqEnvironment(url)).filter(([name]) => !OURS.includes(name)),
    );
    expect(told).toEqual({
      LC_ALL: "C",
      PGHOST: "::1",
      PGPORT: "5433",
      PGUSER: "sam",
      PGPASSWORD: "s@cret",
      PGDATABASE: "a b",
      PGOPTIONS: "-c x=1",
      PGSSLMODE: "require",
      PGSSLROOTCERT: ca,
      PGAPPNAME: "nexus-backup",
      PGCONNECT_TIMEOUT: "10",
    });
  });

  it.each([
    ["pg_dump: error: aborting because of server version mismatch", "backup_server_newer"],
    ['FATAL:  password authentication failed for user "sam"', "backup_login"],
    ["pg_dump: error: query failed: ERROR:  permission denied for table cases", "backup_no_right"],
    [
      'ERROR:  query would be affected by row-level security policy for table "x"',
      "backup_rows_hidden",
    ],
    ["pg_dump: error: could not write to output file: No space left on device", "backup_disk_full"],
    ["connection to server at 127.0.0.1, port 1 failed: Connection refused", "backup_server_away"],
    ["Fehler in einer anderen Sprache", "backup_failed"],
  ])("means by %s: %s", (says, code) => {
    expect(meaningOf(says)).toBe(code);
  });
});

/** What a child needs to run at all. */
const OURS = ["PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
