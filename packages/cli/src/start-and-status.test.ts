/** Starting a run and looking at it, against a real API on a real ledger. */
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { entityNames } from "./arguments.ts";
import { type ApiToCommand, apiToCommand, blockedRun } from "./nexus.fixture.ts";

let api: ApiToCommand;
beforeEach(async (context) => {
  api = await apiToCommand(context);
});

const statuses = async (): Promise<Record<string, string>> => {
  const { rows } = await api.target.query<{ entity: string; status: string }>(
    `select entity, status from migration.run_entities where run_id = (select max(id) from migration.runs)`,
  );
  return Object.fromEntries(rows.map(({ entity, status }) => [entity, status]));
};

describe("start", () => {
  it("starts everything, and tells whose duty the backup is apart from the result", async () => {
    const { code, stdout, stderr } = await api.run("start --reason rehearsal");
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      `run 1 is started: ${entityNames().join(", ")}`,
    ]);
    expect(stderr).toMatch(
      /^note: no backup is taken .*a backup of the target is your duty.*pg_dump/,
    );
    const { rows } = await api.target.query(
      `select embeddings, a.reason from migration.runs, migration.audit_log a`,
    );
    expect(rows).toEqual([{ embeddings: true, reason: "rehearsal" }]);
  });

  it("really skips each entity", async () => {
    for (const entity of entityNames()) {
      const answer = await api.json(`start --skip-${entity.replaceAll("_", "-")}`);
      expect(answer).toMatchObject({
        entities: entityNames().filter((one) => one !== entity),
        notices: [],
      });
      expect(await statuses()).toEqual(
        Object.fromEntries(
          entityNames().map((one) => [one, one === entity ? "skipped" : "waiting"]),
        ),
      );
      await api.json("cancel");
    }
  });

  it("really skips embeddings and Dify, and all flags at once leave nothing to do", async () => {
    const all = entityNames()
      .map((entity) => `--skip-${entity.replaceAll("_", "-")}`)
      .join(" ");
    const refused = await api.run(`start ${all}`);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/^the API: no entity is left to move.*\(nothing_selected\)\n$/);
    const readers: unknown[] = [];
    for (const flags of [
      "",
      " --skip-ai-embeddings",
      " --dify-population",
      " --skip-dify-population",
    ]) {
      await api.json(`start${flags}`);
      const { rows } = await api.target.query(
        `select embeddings, dify from migration.runs order by id desc limit 1`,
      );
      readers.push(...rows);
      await api.json("cancel");
    }
    expect(readers).toEqual([
      { embeddings: true, dify: false },
      { embeddings: false, dify: false },
      { embeddings: true, dify: true },
      { embeddings: true, dify: false },
    ]);
  });

  it("takes old flags that have nothing to skip, and says so", async () => {
    const { code, stderr } = await api.run(
      "start --entities practices,patients --skip-orders --skip-products --skip-case-files --skip-anything",
    );
    expect(code).toBe(0);
    expect(stderr).toContain("note: --skip-orders: there is nothing of that name to skip here\n");
    for (const name of ["products", "case-files", "anything"])
      expect(stderr).toContain(`note: --skip-${name}: there is nothing of that name`);
    expect(await statuses()).toEqual({ practices: "waiting", patients: "waiting" });
  });

  it("is refused while a run is active, and names it", async () => {
    await api.json("start");
    const { code, stdout, stderr } = await api.run("start");
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toBe("the API: run 1 is active: wait for it, or cancel it (run_active)\n");
  });

  it("waits until somebody cancels the run, and ends with 1", async () => {
    const waiting = api.runProcess("start --entities practices --wait");
    await untilStarted();
    await api.json("cancel");
    const { code, stdout } = await waiting;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^run 1 is started: practices\nrun 1 is cancelled/);
  });
});

async function untilStarted(): Promise<void> {
  await eventually(
    async () => (await api.target.query("select from migration.runs")).rowCount === 1,
  );
}

describe("a run that another one follows at once", () => {
  it("is waited for all the same: its own end is told", async () => {
    const waiting = api.runProcess("start --entities practices --wait");
    await untilStarted();
    await api.target.query(
      `update migration.run_entities set status = 'complete', settled_at = now();
       update migration.runs set status = 'completed', finished_at = now();
       insert into migration.runs (status, mode, embeddings) values ('running', 'delta', false)`,
    );
    const { code, stdout } = await waiting;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^run 1 is completed/m)]);
  });

  it("is waited for until it is verified", async () => {
    const waiting = api.runProcess("start --entities practices --wait");
    await untilStarted();
    await api.target.query(
      `update migration.run_entities set status = 'complete', settled_at = now();
       update migration.runs set status = 'completed', verify = true, finished_at = now();
       insert into migration.proofs (kind, status, asked, actor, run_id) values ('verification', 'open', '{}', 'extractor', 1);
       insert into migration.runs (status, mode, embeddings) values ('running', 'delta', false)`,
    );
    const early = await Promise.race([waiting, pause(3_000, "still waiting")]);
    expect(early).toBe("still waiting");
    await api.target.query(
      "update migration.proofs set status = 'failed', error_code = '42501', finished_at = now()",
    );
    const { code, stdout } = await waiting;
    expect([code, stdout]).toEqual([1, expect.stringContaining("verification 1 failed (42501)")]);
  });
});

describe("a run that is verified after it", () => {
  it.each([
    { differences: 0, status: "done", code: 0, says: "verification 1: differences 0" },
    { differences: 2, status: "done", code: 1, says: "verification 1: differences 2" },
    { differences: 0, status: "failed", code: 1, says: "verification 1 failed (42501)" },
  ])("is waited for: $status with $differences, $code", async (one) => {
    const waiting = api.runProcess("start --entities practices --wait");
    await untilStarted();
    await api.target.query(
      `update migration.run_entities set status = 'complete', settled_at = now();
       update migration.runs set status = 'completed', verify = true, finished_at = now();
       insert into migration.proofs (kind, status, asked, actor, run_id) select 'verification', 'open', '{}', 'extractor', id from migration.runs`,
    );
    expect((await api.run("status")).stdout).toContain(
      "verification 1 is under way, so far: differences 0",
    );
    await api.target.query(
      `insert into migration.proof_entities (proof_id, entity, position, status, rows, counts)
         values (1, 'practices', 0, 'proved', 9, jsonb_build_object('changed_cell', $1::integer))`,
      [one.differences],
    );
    await api.target.query(
      `update migration.proofs set status = $1, error_code = case $1 when 'failed' then '42501' end, finished_at = now()`,
      [one.status],
    );
    const { code, stdout } = await waiting;
    expect([code, stdout]).toEqual([one.code, expect.stringContaining(one.says)]);
    expect((await api.run("status")).code).toBe(one.code);
  });
});

describe("status", () => {
  it("says what to do when nothing was started", async () => {
    expect(await api.run("status")).toEqual({
      code: 0,
      stdout: "No run was started yet: nexus start\n",
      stderr: "",
    });
  });

  it("shows a run as soon as it is started", async () => {
    await api.run("status");
    for (const id of [1, 2]) {
      await api.run("start");
      expect((await api.run("status")).stdout).toMatch(new RegExp(`^run ${id} is planned\n`));
      await api.run("cancel");
    }
  });

  it("is plain lines without a terminal: counts, gates, exceptions; 1 while something is blocked", async () => {
    const runId = await blockedRun(api.target);
    const { code, stdout } = await api.run("status");
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^run ${runId} is running`));
    expect(stdout).toMatch(
      /^entity +status +done +expected +read +loaded +rejected +parked +excluded +noted$/m,
    );
    expect(stdout).toMatch(/^profiles +blocked/m);
    expect(stdout).toMatch(/^total +sum/m);
    expect(stdout).toMatch(
      /rows\/s; how long it takes cannot be told yet\nlimited by gate: profiles is blocked/,
    );
    expect(stdout).toMatch(
      /^profiles: batches that failed for good: \d; requeue them, or waive it$/m,
    );
    expect(stdout).toMatch(/^patients: it waits for profiles$/m);
    expect(stdout).not.toContain("\u001b");
    const other = await api.json(`status --run ${runId}`, 1);
    expect(other).toMatchObject({
      run: { id: runId },
      totals: { sumClosed: true },
      limitedBy: { by: "gate" },
    });
  });

  it("is refused for a run that is not there", async () => {
    expect(await api.run("status --run 7")).toMatchObject({
      code: 4,
      stderr: "the API: there is no run 7 (not_found)\n",
    });
  });
});

describe("with EMBEDDINGS=off", () => {
  it("a run offers nothing to an embedder, and nobody is told to start more of them", async (context) => {
    const off = await apiToCommand(context, { EMBEDDINGS: "off" });
    expect(await off.json("start")).toMatchObject({ forecast: null });
    const { rows } = await off.target.query(`select embeddings from migration.runs`);
    expect(rows).toEqual([{ embeddings: false }]);
    await off.target.query(
      `insert into migration.content_events (content_type, target_ids, created_at)
       values ('case', array[gen_random_uuid()], now() - interval '1 hour')`,
    );
    const { stdout } = await off.run("status");
    expect(stdout).toContain("is an embedder running, with EMBEDDINGS=on?");
    expect(stdout).not.toContain("more embedders help");
  });
});
