import type { Pool } from "@nexus/shared/database";
import { lockOpen, openAdoption, startRun } from "@nexus/shared/ledger";
import { freshTarget } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { askAdoption } from "./ask-adoption.ts";
import { giveUp } from "./give-up.ts";

const catalog = ["practices", "profiles", "patients"];
const by = { actor: "tester", reason: "to see" };
const order = { embeddings: false, codes: "{}" };
const asked = { keys: {}, namespace: null, keep: [], leaveStrangers: null, codes: "{}" };
let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
});

describe("asking for an adoption", () => {
  it("keeps what is asked, and who asks", async () => {
    const keys = { profiles: "metadata.legacy_user_id" };
    expect(await askAdoption(target, "plan", { ...asked, keys }, by, catalog)).toEqual({
      kind: "asked",
      id: 1,
    });
    expect(await openAdoption(target)).toEqual({
      id: 1,
      kind: "plan",
      actor: "tester",
      asked: { ...asked, keys },
    });
    const audit = await target.query("select action, reason from migration.audit_log");
    expect(audit.rows).toEqual([{ action: "plan_adoption", reason: "to see" }]);
  });

  it("refuses entities that there are not, a run that is active, and a second one", async () => {
    const unknown = await askAdoption(
      target,
      "adopt",
      { ...asked, keys: { people: "id" } },
      by,
      catalog,
    );
    expect(unknown).toMatchObject({ kind: "unknown_entity", unknown: ["people"] });
    await askAdoption(target, "adopt", asked, by, catalog);
    expect(await askAdoption(target, "adopt", asked, by, catalog)).toEqual({
      kind: "adoption_open",
      adoptionId: 1,
    });
    expect(await startRun(target, order, by, catalog)).toEqual({
      kind: "adoption_open",
      adoptionId: 1,
    });
    await target.query("update migration.adoptions set status = 'done'");
    expect(await startRun(target, order, by, catalog)).toMatchObject({ kind: "started" });
    expect(await askAdoption(target, "plan", asked, by, catalog)).toMatchObject({
      kind: "run_active",
    });
  });

  it("begins one thing of twenty runs and adoptions that are asked for at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0
          ? startRun(target, order, by, catalog)
          : askAdoption(target, "adopt", asked, by, catalog),
      ),
    );
    expect(answers.filter(({ kind }) => kind === "started" || kind === "asked")).toHaveLength(1);
  });

  it("is given up by an operator, once, and then a run may start", async () => {
    await askAdoption(target, "adopt", asked, by, catalog);
    expect(await giveUp(target, "adoptions", 1, by)).toEqual({
      kind: "given_up",
      id: 1,
      status: "cancelled",
    });
    expect(await lockOpen(target, "adoptions", 1)).toBe(false);
    expect(await giveUp(target, "adoptions", 1, by)).toMatchObject({
      kind: "adoption_over",
      status: "cancelled",
    });
    expect(await giveUp(target, "adoptions", 2, by)).toMatchObject({ kind: "no_such_work" });
    const audit = await target.query("select action, reason from migration.audit_log order by id");
    expect(audit.rows).toEqual([
      { action: "adopt", reason: "to see" },
      { action: "cancel_adoption", reason: "to see" },
    ]);
    expect(await startRun(target, order, by, catalog)).toMatchObject({ kind: "started" });
  });

  it("undoes what was adopted since the newest run began, and nothing else", async () => {
    expect(await askAdoption(target, "undo", asked, by, catalog)).toEqual({
      kind: "nothing_to_undo",
    });
    await target.query(
      `insert into migration.adoptions (kind, status, asked, actor) values ('adopt', 'done', '{}', 'tester');
       insert into migration.adopted_rows (entity, id, legacy_key, via, adoption_id, adopted_at)
         values ('practices', gen_random_uuid(), 1, 'id', 1, now() - interval '1 minute')`,
    );
    await target.query(
      "insert into migration.runs (status, embeddings, started_at) values ('completed', false, now())",
    );
    expect(await askAdoption(target, "undo", asked, by, catalog)).toEqual({
      kind: "nothing_to_undo",
    });
    await target.query(
      "update migration.adopted_rows set adopted_at = now() + interval '1 minute'",
    );
    expect(await askAdoption(target, "undo", asked, by, catalog)).toMatchObject({ kind: "asked" });
  });
});
