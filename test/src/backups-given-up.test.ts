/** Backups that fail: the entity stops with a reason that everybody is told, and goes on when somebody says how. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nexusHere } from "@nexus/cli/nexus-here";
import { eventually, mostReal, stacks, withoutPgDump } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { type Journey, openJourney } from "./journey.ts";

describe.each(mostReal(stacks()))("a run whose BACKUP_COMMAND fails, on $name", (stack) => {
  const missing = withoutPgDump();
  let folder: string;
  let journey: Journey;
  let mended: string;

  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  beforeAll(async () => {
    if (missing !== undefined) return;
    folder = await mkdtemp(join(tmpdir(), "nexus-backups-"));
    mended = join(folder, "mended");
    const BACKUP_COMMAND = `test -e '${mended}' || exit 1; cat > "$BACKUP_DESTINATION"`;
    const env = { BACKUP: "pg_dump", BACKUP_TO: folder, BACKUP_COMMAND, BATCH_ROWS: "50" };
    journey = await openJourney(stack, { sample: { scale: 0.005 }, env });
  });
  afterAll(async () => {
    await journey?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** What `backup_command` means to people. */
  const CAUSE = /practices.*backup_command \(its backup was not taken: BACKUP_COMMAND failed/s;

  /** As if the waits between the tries were over. Resolves when none is left. */
  async function untilBlocked(): Promise<void> {
    await eventually(
      async () => {
        await journey.target.query("update migration.backups set available_at = now()");
        const { rows } = await journey.target.query<{ failures: number }>(
          `select failures from migration.backups join migration.run_entities using (run_id, entity)
           where migration.run_entities.status = 'blocked'`,
        );
        return rows[0]?.failures === 5;
      },
      { within: 30_000, every: 50 },
    );
  }

  it("stops with the reason, says it everywhere, and goes on when it is mended, or by an order that is kept", async (context) => {
    const { target, stack: servers } = journey;
    const { url } = await startApiHere(context, servers);
    const nexus = (line: string, env = {}) =>
      nexusHere(line.split(" "), { NEXUS_API_URL: url, ...env });
    const [waited] = await Promise.all([
      nexus("start --entities practices,profiles,patients --wait"),
      untilBlocked(),
    ]);
    expect(waited.code, waited.stdout).toBe(1);
    const status = await nexus("status");
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(CAUSE);
    expect(status.stdout).toMatch(/profiles.*it waits for practices/s);
    expect(status.stdout).toMatch(/practices +blocked/);
    const report = await nexus("report --format md");
    expect(report.stdout).toMatch(/Decide on practices, whose backup failed with backup_command/);
    const doctor = await nexus("doctor", { TARGET_URL: servers.targetUrl });
    expect(doctor.code).toBe(1);
    expect(doctor.stdout + doctor.stderr).toMatch(/its backup failed with backup_command/);
    expect((await target.query("select from public.practices")).rowCount).toBe(0);

    const waived = await nexus("waive practices --reason tolerable");
    expect(waived).toMatchObject({ code: 4 });
    expect(waived.stderr).toMatch(/--without-backup --reason …\) \(backup_failed\)/);
    await nexus("waive practices --without-backup --reason tolerable");
    await untilBlocked(); // The next of them.
    await writeFile(mended, "");
    const again = await nexus("requeue profiles --reason mended");
    expect(again).toMatchObject({ code: 0, stderr: "" });
    const progress = await journey.completed(1);
    expect(progress.map(({ entity, status: one }) => [entity, one])).toEqual([
      ["practices", "complete"],
      ["profiles", "complete"],
      ["patients", "complete"],
    ]);
    const after = await nexus("status");
    expect(after.stdout).toMatch(/backups: 2 of 3, .*\npractices is written without a backup/);
    const backups = await nexus("backups");
    expect(backups.stdout).toMatch(/practices +waived \(backup_command\)/);
    expect(backups.stdout).toMatch(/profiles +done .*\n.*patients +done /);
    const { rows } = await target.query(
      "select action, entity, reason, details from migration.audit_log where action in ('waive', 'requeue') order by id",
    );
    expect(rows).toMatchObject([
      {
        action: "waive",
        entity: "practices",
        reason: "tolerable",
        details: expect.stringContaining("withoutBackup"),
      },
      { action: "requeue", entity: "profiles", reason: "mended" },
    ]);
  });
});
