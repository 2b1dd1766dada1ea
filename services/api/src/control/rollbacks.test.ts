import type { Pool } from "@nexus/shared/database";
import { openRollback, startRun } from "@nexus/shared/ledger";
import { freshTarget, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { askAdoption } from "./ask-adoption.ts";
import { askProof } from "./ask-proof.ts";
import { askRollback } from "./ask-rollback.ts";
import { giveUp } from "./give-up.ts";

const catalog = ["practices", "profiles", "patients"];
const by = { actor: "tester", reason: "to see" };
const order = { embeddings: false, codes: "{}" };
const asked = { kind: "rollback", entities: null } as const;
let target: Pool;
let runId: number;

beforeEach(async (context) => {
  target = await freshTarget(context);
  runId = await seedRun(target, {
    status: "completed",
    entities: { practices: { status: "complete" } },
  });
  await target.query(
    "update migration.runs set undo = 'kept', started_at = now(), finished_at = now()",
  );
});

const ask = (more: Partial<Parameters<typeof askRollback>[1]> = {}) =>
  askRollback(target, { runId, ...asked, ...more }, by, catalog);

describe("asking for a rollback", () => {
  it("keeps what is asked, and who asks, and no run, adoption or proof begins meanwhile", async () => {
    expect(await ask({ entities: ["practices"] })).toEqual({ kind: "asked", id: 1 });
    expect(await openRollback(target)).toEqual({
      id: 1,
      runId,
      kind: "rollback",
      entities: ["practices"],
      actor: "tester",
    });
    const audit = await target.query("select action, run_id, reason from migration.audit_log");
    expect(audit.rows).toEqual([{ action: "rollback", run_id: runId, reason: "to see" }]);
    const open = { kind: "rollback_open", rollbackId: 1 };
    const adopting = { keys: {}, namespace: null, keep: [], leaveStrangers: null, codes: "{}" };
    const proving = { entities: null, range: null, sample: null, codes: null };
    expect(await startRun(target, order, by, catalog)).toEqual(open);
    expect(await askAdoption(target, "plan", adopting, by, catalog)).toEqual(open);
    expect(await askProof(target, "verification", proving, by, catalog)).toEqual(open);
    expect(await ask()).toEqual(open);
    expect(await giveUp(target, "rollbacks", 1, by)).toMatchObject({ status: "cancelled" });
    expect(await giveUp(target, "rollbacks", 1, by)).toMatchObject({ kind: "rollback_over" });
    expect(await startRun(target, order, by, catalog)).toMatchObject({ kind: "started" });
  });

  it("refuses what there is not, what was not kept, and what is not over", async () => {
    expect(await ask({ runId: 99 })).toMatchObject({ kind: "no_such_run" });
    expect(await ask({ entities: ["people"] })).toMatchObject({ kind: "unknown_entity" });
    expect(await ask({ entities: ["patients"] })).toMatchObject({ kind: "not_in_run" });
    expect(await giveUp(target, "rollbacks", 99, by)).toMatchObject({ kind: "no_such_work" });
    await target.query("update migration.runs set undo = 'purged'");
    expect(await ask()).toMatchObject({ kind: "undo_not_kept", undo: "purged" });
    await target.query("update migration.runs set undo = 'kept', status = 'failed'");
    expect(await ask()).toMatchObject({ kind: "wrong_status" });
    await target.query("update migration.runs set status = 'running'");
    expect(await ask()).toMatchObject({ kind: "run_active" });
  });

  it("refuses a run after which another one has begun, until that was rolled back", async () => {
    const newer = await seedRun(target, { status: "cancelled", entities: {} });
    expect(await ask()).toEqual({ kind: "asked", id: 1 });
    await giveUp(target, "rollbacks", 1, by);
    await target.query("update migration.runs set started_at = now() where id = $1", [newer]);
    expect(await ask()).toEqual({ kind: "newer_run", runId, newer });
    await target.query("update migration.runs set status = 'rolled_back' where id = $1", [newer]);
    expect(await ask({ kind: "plan" })).toEqual({ kind: "asked", id: 2 });
  });

  it("refuses parents whose children would remain: rows that they refer to would stay for good", async () => {
    await target.query(
      `insert into migration.run_entities (run_id, entity, position, status) values ($1, 'profiles', 1, 'complete')`,
      [runId],
    );
    const wrote = async (entity: string, column: "inserted" | "updated"): Promise<void> => {
      await target.query(
        `insert into migration.undo (run_id, entity, xid, ${column}) values ($1, $2, 1, array[gen_random_uuid()])`,
        [runId, entity],
      );
    };
    await wrote("practices", "updated");
    await wrote("profiles", "inserted");
    const practices = { entities: ["practices"] };
    expect(await ask(practices)).toMatchObject({ kind: "asked" });
    await giveUp(target, "rollbacks", 1, by);
    await wrote("practices", "inserted");
    const refused = { kind: "children_remain", runId, children: ["profiles"] };
    expect(await ask(practices)).toEqual(refused);
    expect(await ask({ entities: ["practices", "profiles"] })).toMatchObject({ kind: "asked" });
    await giveUp(target, "rollbacks", 2, by);
    await target.query("update migration.undo set undone_at = now() where entity = 'profiles'");
    expect(await ask(practices)).toMatchObject({ kind: "asked" });
  });

  it("is refused while a proof reads", async () => {
    await target.query(
      "insert into migration.proofs (kind, asked, actor) values ('forecast', '{}', 'x')",
    );
    expect(await ask()).toMatchObject({ kind: "proof_open" });
  });
});
