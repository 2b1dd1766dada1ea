/** Backups that are disturbed: by the death of who takes them, and by a disk without room. What is listed as done is whole. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nexusHere } from "@nexus/cli/nexus-here";
import { listBackups, progressOf } from "@nexus/shared/ledger";
import { eventually, withoutPgDump } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "../api-here.ts";
import { type Journey, openJourney } from "../journey.ts";
import { breakable, servers } from "./arena.ts";
import { hold } from "./hold.ts";
import { mountSmallDisk, NO_MOUNT } from "./small-disk.ts";

const ONLY = ["practices", "profiles"];

// Needs real servers: the embedded target cannot be dumped.
describe.skipIf(!breakable)("a backup", () => {
  const missing = withoutPgDump();
  let journey: Journey;
  let folder: string;

  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "nexus-backups-"));
    const sample = { scale: 0.005 };
    journey = await openJourney(servers, { sample, env: { BATCH_ROWS: "50" }, extractors: 0 });
  });
  afterAll(async () => {
    await journey?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const dumpSessions = async (): Promise<number> => {
    const { rowCount } = await journey.target.query(
      "select from pg_stat_activity where application_name = 'nexus-backup' and datname = current_database()",
    );
    return rowCount ?? 0;
  };

  /** Time goes by: claims of the dead end, and so do waits between tries. */
  const later = async (): Promise<void> => {
    await journey.target.query(
      "update migration.backups set claimed_until = '-infinity', available_at = now() where status = 'open'",
    );
  };

  const done = async (runId: number): Promise<number> =>
    (await listBackups(journey.target, { runId })).filter(({ status }) => status === "done").length;

  it("whose extractor is killed while pg_dump waits for a lock leaves nothing that passes for one, and is taken anew", async (context) => {
    const { target } = journey;
    const BACKUP = { BACKUP: "pg_dump", BACKUP_TO: folder };
    const killed = await journey.start("extractor", BACKUP);
    // Whoever begins a run reads the table, too: it is locked when that is over, and before a backup is claimed.
    const claims = await hold(target, "lock table migration.backups in share mode");
    const runId = await journey.begin({ only: ONLY });
    await eventually(async () => (await progressOf(target, runId))[0]?.status === "planned");
    const held = await hold(target, "lock table public.practices in access exclusive mode");
    await claims.release();
    await eventually(async () => (await dumpSessions()) > 0);
    await killed.kill("SIGKILL");
    await held.release();
    await eventually(async () => (await dumpSessions()) === 0);
    expect(await done(runId)).toBe(0);
    expect(readdirSync(folder).filter((file) => !file.endsWith(".partial"))).toEqual([]);
    await later();
    const extractor = await journey.start("extractor", BACKUP);
    await journey.completed(runId);
    await extractor.kill("SIGTERM");
    expect(await done(runId)).toBe(ONLY.length);
    const files = readdirSync(folder);
    expect(files.filter((file) => file.endsWith(".dump"))).toHaveLength(ONLY.length);
    expect(files.filter((file) => !file.endsWith(".dump"))).toEqual([]);
    const { url } = await startApiHere(context, journey.stack);
    const verified = await nexusHere(["backups", "--verify"], { NEXUS_API_URL: url });
    expect(verified).toMatchObject({ code: 0 });
  });

  it("whose extractor is killed in the middle of the dump is taken anew, and no pg_dump is left", async () => {
    const { target } = journey;
    const to = mkdtempSync(join(folder, "command-"));
    const reading = join(to, "reading");
    // Reads a part and then no more: pg_dump stands in the middle of the table. The second one reads all.
    const BACKUP_COMMAND = `test -e '${reading}' && exec cat > "$BACKUP_DESTINATION"; head -c 9 > "$BACKUP_DESTINATION"; touch '${reading}'; exec sleep 20`;
    const BACKUP = { BACKUP: "pg_dump", BACKUP_TO: to, BACKUP_COMMAND };
    await target.query(`
      alter table public.practices add column note text;
      update public.practices set note = (select string_agg(md5(n::text), '') from generate_series(1, 300000) n)
      where id = (select min(id::text)::uuid from public.practices)`);
    const killed = await journey.start("extractor", BACKUP);
    const runId = await journey.begin({ only: ONLY });
    await eventually(() => readdirSync(to).includes("reading"));
    expect(await dumpSessions()).toBeGreaterThan(0);
    await killed.kill("SIGKILL");
    await eventually(async () => (await dumpSessions()) === 0);
    expect(await done(runId)).toBe(0);
    await later();
    const extractor = await journey.start("extractor", BACKUP);
    await journey.completed(runId);
    await extractor.kill("SIGTERM");
    expect(await done(runId)).toBe(ONLY.length);
    await target.query("alter table public.practices drop column note");
  });

  it("for which there is no room on the disk of BACKUP_TO leaves nothing there, says so, and is taken when there is room", async (context) => {
    const { target } = journey;
    const disk = mountSmallDisk(64) ?? context.skip(NO_MOUNT);
    context.onTestFinished(() => disk.remove());
    const extractor = await journey.start("extractor", {
      BACKUP: "pg_dump",
      BACKUP_TO: disk.folder,
    });
    disk.fill();
    const runId = await journey.begin({ only: ONLY });
    const [practices] = await eventually(() => progressOf(target, runId), {
      until: (all) => all.some(({ errorCode }) => errorCode !== null),
      within: 30_000,
    });
    expect(practices).toMatchObject({ status: "planned", errorCode: "backup_disk_full", read: 0 });
    expect(readdirSync(disk.folder)).toEqual(["filler"]);
    disk.makeRoom();
    await eventually(async () => {
      await later();
      return (await progressOf(target, runId)).every(({ errorCode }) => errorCode === null);
    });
    await journey.completed(runId);
    expect(await done(runId)).toBe(ONLY.length);
    await extractor.kill("SIGTERM");
  });
});
