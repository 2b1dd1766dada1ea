import type { Pool } from "@nexus/shared/database";
import { createRun, startRun } from "@nexus/shared/ledger";
import { freshTarget, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { askAdoption } from "./ask-adoption.ts";
import { askCutover, withdraw } from "./ask-cutover.ts";
import { askProof } from "./ask-proof.ts";
import { askRollback } from "./ask-rollback.ts";
import { giveUp } from "./give-up.ts";
import { requeue } from "./requeue.ts";

const catalog = ["practices", "profiles", "patients"];
const defaults = { codes: "{}", embeddings: false, dify: false };
const by = { actor: "tester", reason: "to see" };
const order = { embeddings: false, codes: "{}" };
const asked = { order, quietSeconds: 1, withoutBackup: false, sourceFrozen: false };
const adopting = { keys: {}, namespace: null, keep: [], leaveStrangers: null, codes: "{}" };
const proving = { entities: null, range: null, sample: null, codes: null };
let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
});

const ask = (kind: "plan" | "go", accept?: string) =>
  askCutover(target, kind, asked, accept, by, catalog);

describe("asking for a cut-over", () => {
  it("is refused while one is open, rehearsals too, and for entities that there are not", async () => {
    const skip = { ...asked, order: { ...order, skip: ["people"] } };
    expect(await askCutover(target, "go", skip, undefined, by, catalog)).toMatchObject({
      kind: "unknown_entity",
    });
    const all = { ...asked, order: { ...order, skip: catalog } };
    expect(await askCutover(target, "go", all, undefined, by, catalog)).toEqual({
      kind: "nothing_selected",
    });
    expect(await ask("plan")).toEqual({ kind: "asked", id: 1 });
    expect(await ask("go")).toEqual({ kind: "cutover_open", cutoverId: 1 });
    expect(await giveUp(target, "cutovers", 1, by)).toMatchObject({ status: "cancelled" });
    expect(await giveUp(target, "cutovers", 1, by)).toMatchObject({ kind: "cutover_over" });
    expect(await giveUp(target, "cutovers", 9, by)).toMatchObject({ kind: "no_such_work" });
    const audit = await target.query("select action from migration.audit_log order by id");
    expect(audit.rows).toEqual([{ action: "plan_cutover" }, { action: "cancel_cutover" }]);
  });

  it("keeps everything else from beginning, but for its own delta; a rehearsal keeps nothing", async () => {
    await ask("plan");
    expect(await startRun(target, order, by, catalog)).toMatchObject({ kind: "started" });
    await target.query("update migration.runs set status = 'completed'");
    await giveUp(target, "cutovers", 1, by);
    await ask("go");
    const open = { kind: "cutover_open", cutoverId: 2 };
    expect(await startRun(target, order, by, catalog)).toEqual(open);
    expect(await askAdoption(target, "adopt", adopting, by, catalog)).toEqual(open);
    expect(await askProof(target, "verification", proving, by, catalog)).toEqual(open);
    const own = { ...order, cutover: 2 };
    expect(await startRun(target, own, by, catalog)).toMatchObject({ kind: "started" });
  });

  it("begins one thing of twenty runs and cut-overs that are asked for at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0 ? startRun(target, order, by, catalog) : ask("go"),
      ),
    );
    // A cut-over may be asked for beside a run: its first step says so. No run begins after it.
    const kinds = answers.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "asked")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "started").length).toBeLessThan(2);
  });

  it("lets go the exceptions of now by key and reason, once, and audits them", async () => {
    const runId = await seedRun(target, {
      status: "completed",
      entities: {
        profiles: {
          status: "complete",
          batches: [{ status: "done", rejected: [3, 5], parked: [7] }],
        },
      },
    });
    await ask("plan", "of no use");
    const kept = await target.query(
      "select legacy_id, outcome, because from migration.accepted_exceptions order by 1",
    );
    expect(kept.rows).toEqual([
      { legacy_id: 3, outcome: "rejected", because: "of no use" },
      { legacy_id: 5, outcome: "rejected", because: "of no use" },
      { legacy_id: 7, outcome: "parked", because: "of no use" },
    ]);
    const audit = await target.query(
      "select entity, reason, details ->> 'rows' as rows from migration.audit_log where action = 'accept_exceptions' order by id",
    );
    expect(audit.rows).toEqual([
      { entity: "profiles", reason: "of no use", rows: "1" },
      { entity: "profiles", reason: "of no use", rows: "2" },
    ]);
    expect(runId).toBe(1);
  });
});

describe("a target that was handed over", () => {
  beforeEach(async () => {
    await seedRun(target, { status: "completed", entities: { practices: { status: "complete" } } });
    await target.query(
      `update migration.runs set undo = 'kept', started_at = now(), finished_at = now();
       insert into migration.cutovers (kind, status, asked, actor) values ('plan', 'done', '{}', 'x'), ('go', 'done', '{}', 'x')`,
    );
  });
  const over = { kind: "cut_over", cutoverId: 2 };

  it("is written by no run, repair, adoption or rollback, until that is withdrawn", async () => {
    expect(await startRun(target, order, by, catalog)).toEqual(over);
    // Whether there is anything to requeue or not.
    for (const scope of ["all", "failed", "rejected", "parked"] as const) {
      const asked = { scope, because: undefined };
      expect(await requeue(target, "practices", asked, defaults, by, catalog)).toEqual(over);
    }
    expect(await askAdoption(target, "adopt", adopting, by, catalog)).toEqual(over);
    const back = { runId: 1, kind: "rollback", entities: null } as const;
    expect(await askRollback(target, back, by, catalog)).toEqual(over);
    expect(await ask("go")).toEqual(over);
    expect(await withdraw(target, by)).toEqual({ kind: "withdrawn", id: 2, status: "withdrawn" });
    expect(await withdraw(target, by)).toEqual({ kind: "not_cut_over" });
    expect(await startRun(target, order, by, catalog)).toMatchObject({ kind: "started" });
  });

  it("is written by a run for which somebody said so, and looked at", async () => {
    expect(await askProof(target, "verification", proving, by, catalog)).toMatchObject({
      kind: "asked",
    });
    expect(await createRun(target, [], order)).toBeUndefined();
    const word = { ...order, afterCutover: true };
    expect(await startRun(target, word, by, catalog)).toMatchObject({ kind: "started" });
  });
});
