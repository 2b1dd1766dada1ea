/** The commands against a real API on a real ledger. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiToCommand, apiToCommand, blockedRun, freshToken } from "./nexus.fixture.ts";

describe("nexus", () => {
  let api: ApiToCommand;
  beforeEach(async (context) => {
    api = await apiToCommand(context);
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
    expect(await api.json("runs --status failed")).toMatchObject({
      items: [{ id: 2, status: "failed" }],
    });
  });

  it("adopt: reads the rows to keep from a file, and says which line is none", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nexus-decisions-"));
    try {
      const file = join(folder, "keep.txt");
      const [one, other] = [
        "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
        "6BA7B811-9DAD-41D1-80B4-00C04FD430C8",
      ];
      await writeFile(file, `# of duplicates\n\n${one}\n  ${other} # the newer one\nnobody\n`);
      const bad = await api.run(`adopt --plan --decisions ${file}`);
      expect([bad.code, bad.stderr]).toEqual([
        2,
        expect.stringContaining(`line 5 of ${file} is not the id of a row`),
      ]);
      const missing = await api.run(`adopt --decisions ${file}.gone`);
      expect([missing.code, missing.stderr]).toEqual([
        2,
        expect.stringContaining(`${file}.gone cannot be read`),
      ]);
      const none = await api.target.query("select from migration.adoptions");
      expect(none.rowCount).toBe(0);
      await writeFile(file, `# of duplicates\r\n\r\n${one}\r\n  ${other} # the newer one\r\n`);
      const asked = api.runProcess(`adopt --plan --decisions ${file} --keep ${one}`);
      await eventually(async () => {
        const { rows } = await api.target.query<{ keep: unknown }>(
          "select asked -> 'keep' as keep from migration.adoptions",
        );
        return JSON.stringify(rows).toLowerCase().includes(other.toLowerCase());
      });
      const cancelled = await api.run("adopt --cancel --reason enough");
      expect(cancelled.stdout).toMatch(/^adoption 1 is cancelled/);
      expect((await asked).stdout).toMatch(/^adoption 1 was cancelled/);
      const again = await api.run("adopt --cancel");
      expect([again.code, again.stderr]).toEqual([
        4,
        expect.stringContaining("no adoption is open"),
      ]);
      const plan = api.runProcess("adopt --plan");
      await eventually(async () => {
        const { rowCount } = await api.target.query(
          `with done as (update migration.adoptions set status = 'done', finished_at = now() where id = 2 returning id)
           insert into migration.adoption_entities (adoption_id, entity, position, strangers, adopted, by_key, places)
           select id, 'profiles', 1, 3, 3, '{"email": 3}', '[]' from done`,
        );
        return rowCount === 1;
      });
      expect((await plan).stdout).toMatch(
        /^adoption 2 is a plan: nothing but the ledger was written\nentity .*\nprofiles +3 +3 +email 3/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("exceptions: counts by reason, filters, and lists keys page by page", async () => {
    await blockedRun(api.target);
    const { stdout } = await api.run("exceptions");
    expect(stdout).toBe(
      [
        "rows  entity    outcome   reason            column  missing",
        "   2  profiles  rejected  required_missing  name    -",
        "   1  profiles  parked    parent_missing    -       practices",
        "",
      ].join("\n"),
    );
    expect(await api.json("exceptions profiles --outcome parked")).toMatchObject({
      reasons: [{ count: 1 }],
    });
    expect(await api.json("exceptions --because nothing")).toEqual({ reasons: [] });
    const first = await api.run("exceptions profiles --keys --limit 2");
    expect(first.stdout).toMatch(
      /^key +outcome.*\n3 +rejected.*\n5 +rejected.*\nmore: add --cursor/,
    );
    const [, cursor = ""] = /--cursor (\S+)/.exec(first.stdout) ?? [];
    expect(await api.json(`exceptions profiles --keys --limit 2 --cursor ${cursor}`)).toMatchObject(
      {
        items: [{ legacyId: 7, missingEntity: "practices", missingId: 1007 }],
        next: null,
      },
    );
    expect(await api.json("exceptions profiles --keys --outcome parked")).toMatchObject({
      items: [{ legacyId: 7 }],
    });
  });

  it("gone: lists the keys of rows that the source lost, page by page", async () => {
    const runId = await blockedRun(api.target);
    await api.target.query(
      "insert into migration.gone_rows (entity, legacy_id, found_run, run_id, stale) values ('profiles', 3, $1, $1, false), ('profiles', 8, $1, $1, false), ('profiles', 9, $1, $1, true)",
      [runId],
    );
    const { stdout } = await api.run("gone profiles --limit 1");
    expect(stdout).toMatch(/^key +first found by run +newest run +it is\n3 .*\nmore: add --cursor/);
    const [, cursor = ""] = /--cursor (\S+)/.exec(stdout) ?? [];
    expect(await api.json(`gone profiles --limit 1 --cursor ${cursor}`)).toEqual({
      items: [{ legacyId: 8, foundRun: runId, runId, fate: null }],
      next: null,
    });
    expect((await api.run("gone cases")).stdout).toMatch(/^No row of the target is on rec/);
  });

  it("requeue, waive, pause, resume and cancel do what they say, and keep the reason", async () => {
    const runId = await blockedRun(api.target);
    expect((await api.run("waive profiles --reason tolerable")).stdout).toBe(
      `profiles is waived in run ${runId}: its children go on\n`,
    );
    expect((await api.run("pause --reason lunch")).stdout).toBe(`run ${runId} is paused\n`);
    expect(await api.json(`resume ${runId} --reason back`)).toMatchObject({
      runId,
      status: "running",
    });
    expect(await api.json("requeue profiles --reason mended")).toMatchObject({
      kind: "requeued",
      runId,
      batches: 1,
    });
    expect(await api.run("requeue profiles --scope parked --because nothing")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing to requeue: profiles has nothing parked because of/),
    });
    expect((await api.run("requeue practices")).stdout).toMatch(
      /^nothing to requeue: practices has nothing failed; .*nexus start/,
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
    for (const reason of ["tolerable", "lunch", "back", "mended", "enough"])
      expect(stdout).toContain(reason);
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
    await blockedRun(api.target);
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
    expect(code === 0 ? stdout : stderr).toMatch(
      /^0 items are offered to the embedder\nto embed are at most 0 items: 0 calls, 0 tokens.*\n$|\(no_vectors\)\n$/,
    );
    expect((await api.run("backfill --dify")).stdout).toBe("0 items are offered to Dify\n");
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
    await seedRun(api.target, {
      status: "completed",
      entities: { practices: { status: "complete" } },
    });
    const folder = await mkdtemp(join(tmpdir(), "nexus-report-"));
    context.onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "report.md");
    const saved = await api.run(`report --out ${file}`);
    expect(saved).toMatchObject({ code: 0, stdout: `saved in ${file}\n` });
    expect(await readFile(file, "utf8")).toContain("practices");
    expect(await api.run("report --out /nowhere/report.md")).toMatchObject({ code: 2 });
  });
});
