/** An entity whose backup failed too often: tried again, or written without, and only by that very order. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import { backUpAgain, failBackup, lockRun } from "@nexus/shared/ledger";
import { eventually, freshLedger, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { waive } from "./control.ts";
import { requeue } from "./requeue.ts";

const catalog = ["practices", "profiles"];
const defaults = { codes: "{}", embeddings: false, dify: false };
const by = { actor: "tester", reason: "to see" };
let target: Pool;
let runId: number;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
  const batches = [{ status: "planned" }, { status: "planned" }] as const;
  runId = await seedRun(target, {
    status: "running",
    entities: { practices: { status: "blocked", batches }, profiles: { status: "planned" } },
  });
  await target.query(
    `insert into migration.backups (run_id, entity, tables, status, claimed_until, error_code, failures)
     values ($1, 'practices', 'practices,profiles', 'given_up', '-infinity', 'backup_command', 5)`,
    [runId],
  );
});

async function standing(): Promise<string> {
  const { rows } = await target.query<{ said: string }>(
    `select concat_ws(' ', e.status, e.error_code, b.status, b.failures) as said
     from migration.run_entities e join migration.backups b using (run_id, entity)`,
  );
  return rows.map(({ said }) => said).join();
}

describe("an entity whose backup was given up", () => {
  it.each(["failed", "all", "rejected"] as const)(
    "has it tried again, as often as at first, when it is requeued: %s",
    async (scope) => {
      const done = await requeue(target, "practices", { scope }, defaults, by, catalog);
      expect(done).toEqual({ kind: "requeued", runId, batches: 2 });
      expect(await standing()).toBe("planned open 0");
    },
  );

  it("is not waived by the way, but written without a backup when that is said, and the audit log keeps it", async () => {
    const refused = await waive(target, "practices", by, catalog);
    expect(refused).toEqual({ kind: "backup_failed", runId, entity: "practices" });
    expect(await standing()).toBe("blocked given_up 5");
    const done = await waive(target, "practices", { ...by, withoutBackup: true }, catalog);
    expect(done).toEqual({
      kind: "waived",
      runId,
      entity: "practices",
      withoutBackup: true,
      tables: ["practices", "profiles"],
    });
    expect(await standing()).toBe("planned waived 5");
    const { rows } = await target.query(
      "select action, reason, details::text as details from migration.audit_log",
    );
    const details = `{"tables": ["practices", "profiles"], "withoutBackup": true}`;
    expect(rows).toEqual([{ action: "waive", reason: "to see", details }]);
  });

  it("that is only waiting for its next try is tried at once when it is requeued", async () => {
    await target.query(
      `update migration.backups set status = 'open', failures = 2, available_at = now() + interval '1 hour';
       update migration.run_entities set status = 'planned' where entity = 'practices'`,
    );
    await requeue(target, "practices", { scope: "failed" }, defaults, by, catalog);
    expect(await standing()).toBe("planned open 0");
    const { rowCount } = await target.query(
      "select from migration.backups where available_at <= now()",
    );
    expect(rowCount).toBe(1);
  });

  it("and a try that fails at the very moment of the order do not lock each other out", async () => {
    await target.query(
      `update migration.backups set status = 'open', failures = 2;
       update migration.run_entities set status = 'planned' where entity = 'practices'`,
    );
    const held = { runId, entity: "practices", claim: 1, begun: "" };
    const trying = await inTransaction(target, async (tx) => {
      await lockRun(tx, runId);
      const failing = inTransaction(target, (other) =>
        failBackup(other, held, { code: "backup_command", counts: true }),
      );
      await eventually(async () => {
        const waits = await target.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return waits.rowCount === 1;
      });
      expect(await backUpAgain(tx, runId, "practices")).toBe(true);
      return { failing };
    });
    expect(await trying.failing).toBe(true);
    expect(await standing()).toBe("planned backup_command open 1");
  });
});
