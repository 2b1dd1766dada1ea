/** The commands against a real API on a real ledger. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldCounts } from "@nexus/shared/ledger";
import { eventually, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { ENTITIES } from "./arguments.ts";
import { type ApiToCommand, apiToCommand, freshToken } from "./nexus-under-test.ts";

describe("nexus", () => {
  let api: ApiToCommand;
  beforeEach(async (context) => {
    api = await apiToCommand(context);
  });

  /** practices complete, profiles blocked by a failed batch and with exceptions, patients behind them. */
  const blockedRun = async (): Promise<number> => {
    const runId = await seedRun(api.target, {
      status: "running",
      entities: {
        practices: { status: "complete", batches: [{ status: "done" }] },
        profiles: {
          status: "blocked",
          batches: [
            { status: "done", rejected: [3, 5], parked: [7] },
            { status: "failed", attempts: 5 },
          ],
        },
        patients: { status: "planned", batches: [{ status: "planned" }] },
      },
    });
    await foldCounts(api.target, runId, ["practices", "profiles", "patients"]);
    return runId;
  };

  const statuses = async (): Promise<Record<string, string>> => {
    const { rows } = await api.target.query<{ entity: string; status: string }>(
      `select entity, status from migration.run_entities where run_id = (select max(id) from migration.runs)`,
    );
    return Object.fromEntries(rows.map(({ entity, status }) => [entity, status]));
  };

  describe("start", () => {
    it("starts everything, and tells whose duty the backup is apart from the result", async () => {
      const { code, stdout, stderr } = await api.run("start --reason rehearsal");
      expect([code, stdout.split("\n")[0]]).toEqual([0, `run 1 is started: ${ENTITIES.join(", ")}`]);
      expect(stderr).toMatch(/^note: a backup of the target is your duty.*pg_dump/);
      const { rows } = await api.target.query(
        `select embeddings, a.reason from migration.runs, migration.audit_log a`,
      );
      expect(rows).toEqual([{ embeddings: true, reason: "rehearsal" }]);
    });

    it("really skips each entity", async () => {
      for (const entity of ENTITIES) {
        const answer = await api.json(`start --skip-${entity.replaceAll("_", "-")}`);
        expect(answer).toMatchObject({ entities: ENTITIES.filter((one) => one !== entity), notices: [] });
        expect(await statuses()).toEqual(
          Object.fromEntries(ENTITIES.map((one) => [one, one === entity ? "skipped" : "waiting"])),
        );
        await api.json("cancel");
      }
    });

    it("really skips embeddings, and all flags at once leave nothing to do", async () => {
      const all = ENTITIES.map((entity) => `--skip-${entity.replaceAll("_", "-")}`).join(" ");
      const refused = await api.run(`start ${all}`);
      expect(refused.code).toBe(4);
      expect(refused.stderr).toMatch(/^the API: no entity is left to move.*\(nothing_selected\)\n$/);
      await api.json("start --skip-ai-embeddings");
      const { rows } = await api.target.query(`select embeddings from migration.runs`);
      expect(rows).toEqual([{ embeddings: false }]);
    });

    it("takes old flags that have nothing to skip, and says so", async () => {
      const { code, stderr } = await api.run(
        "start --entities practices,patients --skip-orders --skip-dify-population",
      );
      expect(code).toBe(0);
      expect(stderr).toContain("note: --skip-orders: there is nothing of that name to skip here\n");
      expect(stderr).toContain("note: --skip-dify-population: there is nothing");
      expect(await statuses()).toEqual({ practices: "waiting", patients: "waiting" });
    });

    it("is refused while a run is active, and names it", async () => {
      await api.json("start");
      const { code, stdout, stderr } = await api.run("start");
      expect([code, stdout]).toEqual([4, ""]);
      expect(stderr).toBe("the API: run 1 is active: wait for it, or cancel it (run_active)\n");
    });

    it("waits until somebody cancels the run, and ends with 1", async () => {
      const waiting = api.run("start --entities practices --wait");
      await eventually(async () => (await api.target.query("select from migration.runs")).rowCount === 1);
      await api.json("cancel");
      const { code, stdout } = await waiting;
      expect(code).toBe(1);
      expect(stdout).toMatch(/^run 1 is started: practices\nrun 1 is cancelled/);
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

    it("is plain lines without a terminal: counts, gates, exceptions; 1 while something is blocked", async () => {
      const runId = await blockedRun();
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
      expect(stdout).toMatch(/^profiles: batches that failed for good: \d; requeue them, or waive it$/m);
      expect(stdout).toMatch(/^patients: it waits for profiles$/m);
      expect(stdout).not.toMatch(/\u001b/);
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

  it("runs: lists them, filtered and page by page", async () => {
    for (const status of ["completed", "failed", "paused"] as const)
      await seedRun(api.target, { status, entities: {} });
    const { stdout } = await api.run("runs --limit 2");
    expect(stdout).toMatch(
      /^run +status +created +finished +embeddings +code\n3 +paused .*\n2 +failed .*\nmore: add --cursor \S+\n$/,
    );
    const [, cursor = ""] = /--cursor (\S+)/.exec(stdout) ?? [];
    expect(await api.json(`runs --limit 2 --cursor ${cursor}`)).toMatchObject({
      items: [{ id: 1 }],
      next: null,
    });
    expect(await api.json("runs --status failed")).toMatchObject({ items: [{ id: 2, status: "failed" }] });
  });

  it("exceptions: counts by reason, filters, and lists keys page by page", async () => {
    await blockedRun();
    const { stdout } = await api.run("exceptions");
    expect(stdout).toBe(
      [
        "rows  entity    outcome   reason            column  missing",
        "   2  profiles  rejected  required_missing  name    -",
        "   1  profiles  parked    parent_missing    -       practices",
        "",
      ].join("\n"),
    );
    expect(await api.json("exceptions profiles --outcome parked")).toMatchObject({ reasons: [{ count: 1 }] });
    expect(await api.json("exceptions --because nothing")).toEqual({ reasons: [] });
    const first = await api.run("exceptions profiles --keys --limit 2");
    expect(first.stdout).toMatch(/^key +outcome.*\n3 +rejected.*\n5 +rejected.*\nmore: add --cursor/);
    const [, cursor = ""] = /--cursor (\S+)/.exec(first.stdout) ?? [];
    expect(await api.json(`exceptions profiles --keys --limit 2 --cursor ${cursor}`)).toMatchObject({
      items: [{ legacyId: 7, missingEntity: "practices", missingId: 1007 }],
      next: null,
    });
    expect(await api.json("exceptions profiles --keys --outcome parked")).toMatchObject({
      items: [{ legacyId: 7 }],
    });
  });

  it("requeue, waive, pause, resume and cancel do what they say, and keep the reason", async () => {
    const runId = await blockedRun();
    expect((await api.run("waive profiles --reason tolerable")).stdout).toBe(
      `profiles is waived in run ${runId}: its children go on\n`,
    );
    expect((await api.run("pause --reason lunch")).stdout).toBe(`run ${runId} is paused\n`);
    expect(await api.json(`resume ${runId} --reason back`)).toMatchObject({ runId, status: "running" });
    expect(await api.json("requeue profiles --reason mended")).toMatchObject({
      kind: "requeued",
      runId,
      batches: 1,
    });
    expect((await api.run("requeue profiles --scope parked --because nothing")).stdout).toContain(
      "nothing was changed",
    );
    expect(await api.run("cancel --reason enough")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^run \d is cancelled/),
    });
    expect(await api.run("resume")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("(wrong_status)"),
    });
    expect(await api.run("waive profiles --reason x")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("(no_active_run)"),
    });
    const { stdout } = await api.run("audit");
    for (const reason of ["tolerable", "lunch", "back", "mended", "enough"]) expect(stdout).toContain(reason);
    expect(await api.json("audit --action waive")).toMatchObject({
      items: [{ action: "waive", reason: "tolerable" }],
    });
  });

  it("pause says what to do when there is no run", async () => {
    expect(await api.run("pause")).toMatchObject({
      code: 2,
      stderr: "no run was started yet: nexus start\n",
    });
  });

  it("lineage: follows a row, and knows what it has never seen", async () => {
    await blockedRun();
    const { code, stdout } = await api.run("lineage profiles 5");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^source +\w+ \w+ = 5\noutcome +rejected: required_missing, column name\ntarget +no row\n/,
    );
    expect(stdout).toMatch(/^run +batch +generation +status/m);
    expect(await api.json("lineage profiles 7")).toMatchObject({
      outcome: "parked",
      exception: { missingId: 1007 },
    });
    expect((await api.run("lineage profiles 999")).code).toBe(4);
  });

  it("search and backfill say what the API lacks for them", async () => {
    const practice = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    expect(await api.run(`search crown --practice ${practice}`)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("(search_off)"),
    });
    expect((await api.run("search crown --practice me")).stderr).toMatch(
      /^the API: practiceId: .*\(invalid_request\)\n$/,
    );
    const { code, stdout, stderr } = await api.run("backfill --scope all --reason anew");
    expect(code === 0 ? stdout : stderr).toMatch(/^0 items are offered to the embedder\n$|\(no_vectors\)\n$/);
  });
});

describe("tokens", () => {
  it("are taken from the environment; without one, or with a lesser role, the API refuses", async (context) => {
    const viewer = freshToken("vera", "viewer");
    const operator = freshToken("otto", "operator");
    const api = await apiToCommand(context, { API_TOKENS: `${viewer.entry},${operator.entry}` });
    expect(await api.run("status")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("(unauthenticated)"),
    });
    expect(await api.run("status", { NEXUS_TOKEN: viewer.token })).toMatchObject({ code: 0 });
    expect(await api.run("start", { NEXUS_TOKEN: viewer.token })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("needs the role operator (forbidden)"),
    });
    expect(await api.run("start", { NEXUS_TOKEN: operator.token })).toMatchObject({ code: 0 });
    const { rows } = await api.target.query(`select actor from migration.audit_log`);
    expect(rows).toEqual([{ actor: "otto" }]);
  });
});

describe("report", () => {
  it("is saved where it was asked to, and says when that cannot be", async (context) => {
    const api = await apiToCommand(context);
    await seedRun(api.target, { status: "completed", entities: { practices: { status: "complete" } } });
    const folder = await mkdtemp(join(tmpdir(), "nexus-report-"));
    context.onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "report.md");
    const saved = await api.run(`report --out ${file}`);
    if (saved.stderr.includes("(not_found)")) return expect(saved.code).toBe(4); // The route comes with the reports.
    expect(saved).toMatchObject({ code: 0, stdout: `saved in ${file}\n` });
    expect(await readFile(file, "utf8")).toContain("practices");
    expect(await api.run("report --out /nowhere/report.md")).toMatchObject({ code: 2 });
  });
});
