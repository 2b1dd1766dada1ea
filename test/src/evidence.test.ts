/** Evidence of a real run: signed off where everything is proven, and for each reason refused where it is not. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { entities } from "@nexus/catalog";
import { type Ended, nexusHere } from "@nexus/cli/nexus-here";
import { type Evidence, openClient } from "@nexus/contract";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { canariesIn, contentsOf } from "./canaries.ts";
import { openBrowser } from "./dashboard/dashboard-under-test.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { keys } from "./outcomes.ts";
import { verify } from "./verify.ts";

const OTHER_WISH = "update migration.runs set embeddings = not embeddings where id = 1";
const OTHER_ANSWER = `update migration.validations set passed = not passed where entity = 'cases' and name = 'sum_closes'`;

// Servers where there are any: the page is made of the same tables on both.
describe.each(mostReal(stacks([embedded])))("the evidence of a run, on $name", (stack) => {
  let journey: Journey;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "nexus-evidence-"));
    journey = await openJourney(stack, {
      sample: { dirt: "dangling", markers: "canaries" },
    });
    await journey.completed(await journey.begin());
  });
  afterAll(async () => {
    await journey?.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async (context) => {
    ({ url } = await startApiHere(context, journey.stack));
  });

  it("is refused until everything was verified", async () => {
    expect(await refusals()).toEqual(["not_verified"]);
    await verify(openClient({ url }), { sample: 50 });
    expect(await refusals()).toEqual(["verification_partial"]);
    await verify(openClient({ url }), { range: { from: 1, to: 5 } });
    expect(await refusals()).toEqual(["verification_partial"]);
    await verify(openClient({ url }));
    expect(await refusals()).toEqual([]);
  });

  it("is signed off, in two files that belong together, with the same digest each time", async () => {
    const { code, stdout } = await nexus("report --signed-off --list --force --reason handover");
    expect([code, stdout.split("\n")[0]]).toEqual([0, "run 1 is signed off"]);
    const { evidence, json, html } = await files();
    expect(stdout).toContain(digestOf(json));
    expect(stdout).toContain(digestOf(html));
    expect(html).toContain(`SHA-256 of the JSON file: ${digestOf(json)}`);
    expect(html).toContain("<h1>Evidence of run 1: signed off</h1>");
    expect(html).not.toMatch(/<script|<link|<img|https?:/);
    expect(evidence.differences).toEqual({ listed: [], left: 0 });
    for (const { closes, entity } of evidence.counts)
      expect([entity, closes]).toEqual([entity, true]);
    expect((await nexus(`report --check ${fileOf("json")}`)).code).toBe(0);
    await nexus("report --signed-off --list --force");
    expect((await files()).json).toBe(json);
    const audit = await nexus("audit --action evidence --limit 1 --json");
    expect(JSON.parse(audit.stdout).items[0].details).toMatchObject({
      signedOff: true,
      sha256: digestOf(json),
    });
  });

  it("counts what both databases hold, and lists the keys of exceptions", async () => {
    const { evidence } = await files();
    for (const { name, source, target } of entities) {
      const row = evidence.counts.find(({ entity }) => entity === name);
      const [inSource] = await keys(journey.legacy, `select count(*) from ${source.table}`);
      const [inTarget] = await keys(journey.target, `select count(*) from public.${target.table}`);
      expect([name, row?.expected, row?.target?.rows]).toEqual([name, inSource, inTarget]);
    }
    const exceptions = evidence.exceptions.reduce((sum, { rows }) => sum + rows, 0);
    expect(exceptions).toBeGreaterThan(0);
    expect(evidence.exceptions.flatMap(({ keys }) => keys?.listed ?? [])).toHaveLength(exceptions);
  });

  it("says with which versions it was made, and when everything was read", async () => {
    const { run, versions, verifications } = (await files()).evidence;
    expect(run.sourceSnapshot).toMatch(/^\d+:\d+:/);
    expect(versions.source).toMatch(/^\d+/);
    expect(versions.release.mapping).toMatch(/^[0-9a-f]{64}$/);
    expect(versions.release.commit).toMatch(/^([0-9a-f]{40}(-dirty)?|unknown)$/);
    for (const { newest } of verifications) {
      expect(Date.parse(newest?.startedAt ?? "")).toBeGreaterThan(Date.parse(run.finishedAt ?? ""));
      expect(newest?.versions?.release).toEqual(versions.release);
    }
  });

  it("has the SQL of each check and each invariant, which says the same when it is asked", async () => {
    const { evidence, html } = await files();
    for (const { entity, name, expected, actual, sql } of evidence.checks) {
      if (sql === null) throw new Error(`${name} of ${entity} has no SQL`);
      const { rows } = await journey.target.query(sql);
      const wanted = expected === null ? { actual } : { expected, actual };
      expect({ entity, name, ...rows[0] }).toMatchObject({ entity, name, ...wanted });
    }
    expect(evidence.invariants.length).toBeGreaterThan(20);
    for (const { sql } of evidence.invariants)
      expect((await journey.target.query(sql)).rows).toEqual([]);
    const last = evidence.invariants.at(-1)?.sql.split("\n")[0] ?? "nothing";
    expect(html).toContain(last.replaceAll("'", "&#39;"));
  });

  it("is a page that opens from the disk and asks for nothing else", async (context) => {
    const browser = (await openBrowser()) ?? context.skip("no browser");
    context.onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on("request", (request) => void asked.push(request.url()));
    page.on("pageerror", ({ message }) => void asked.push(message));
    const address = pathToFileURL(fileOf("html")).href;
    await page.goto(address);
    expect(await page.title()).toBe("Evidence of run 1: signed off");
    expect(asked).toEqual([address]);
  });

  it("holds no value of a row", async () => {
    const { json, html } = await files();
    expect(canariesIn(await contentsOf(journey.target, "public")).length).toBeGreaterThan(100);
    expect(canariesIn(json + html)).toEqual([]);
  });

  it("overwrites nothing without being told, and finds what was changed since", async () => {
    const before = await files();
    const again = await nexus("report --signed-off");
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("--force overwrites")]);
    expect(await files()).toEqual(before);
    const changes: readonly [kind: "json" | "html", from: RegExp, to: string][] = [
      ["json", /"current": \d+/, '"current": 999999'],
      ["json", /\n$/, ""],
      ["html", /(JSON file: )[0-9a-f]/, "$1x"],
    ];
    for (const [kind, from, to] of changes) {
      const text = before[kind];
      expect(text).toMatch(from);
      await writeFile(fileOf(kind), text.replace(from, to));
      expect((await nexus(`report --check ${fileOf("json")}`)).code, String(from)).toBe(1);
      await writeFile(fileOf(kind), text);
    }
    expect((await nexus(`report --check ${fileOf("json")}`)).code).toBe(0);
    expect((await nexus("report --force")).code).toBe(2);
  });

  it.each<[code: string, change: string, undo: string]>([
    [
      "run_not_completed",
      "update migration.runs set status = 'paused' where id = 1",
      "update migration.runs set status = 'completed' where id = 1",
    ],
    [
      "not_settled",
      "update migration.run_entities set status = 'blocked' where entity = 'patients'",
      "update migration.run_entities set status = 'complete' where entity = 'patients'",
    ],
    [
      "sum_open",
      "update migration.batches set loaded = loaded - 1 where id = 1",
      "update migration.batches set loaded = loaded + 1 where id = 1",
    ],
    ["check_failed", OTHER_ANSWER, OTHER_ANSWER],
    ["vectors_pending", OTHER_WISH, OTHER_WISH],
    [
      "invariant_broken",
      `create table public.put_aside as select * from public.workflow_templates;
       delete from public.workflow_templates`,
      `insert into public.workflow_templates select * from public.put_aside; drop table public.put_aside`,
    ],
  ])("is refused, and still written, where there is %s", async (code, change, undo) => {
    await journey.target.query(change);
    try {
      expect(await refusals()).toContain(code);
      const { html, evidence } = await files();
      expect(html).toContain("<h1>NOT SIGNED OFF: evidence of run 1</h1>");
      for (const { says } of evidence.refusals) expect(html).toContain(`<li>${says}</li>`);
    } finally {
      await journey.target.query(undo);
    }
    expect(await refusals()).toEqual([]);
  });

  it("is refused where somebody changed the target, which a verification finds", async () => {
    const swapped =
      "update public.practices set name = reverse(name) where legacy_id = (select min(legacy_id) from public.practices)";
    await journey.target.query(swapped);
    await verify(openClient({ url }));
    expect(await refusals()).toEqual(["differences"]);
    const { evidence, html } = await files();
    expect(evidence.differences.listed).toMatchObject([
      { entity: "practices", column: "name", kind: "changed_cell", changedSince: false },
    ]);
    expect(html).toContain("changed cell");
    expect(canariesIn(html)).toEqual([]);
    await journey.target.query(swapped);
  });

  it("is refused where a run has written since, and where a run left something out", async () => {
    await verify(openClient({ url }));
    expect(await refusals()).toEqual([]);
    await journey.completed(await journey.begin({ skip: ["workflow_templates"] }));
    expect(await refusals("--run 1")).toEqual(["verification_outdated"]);
    expect(await refusals("", 2)).toEqual(["left_out", "verification_outdated"]);
    await verify(openClient({ url }));
    expect(await refusals("", 2)).toEqual(["left_out"]);
  });

  /** A command line, split at blanks; its files are in the folder of this suite. */
  async function nexus(line: string): Promise<Ended> {
    const words = [...line.split(" "), ...(line.includes("--signed-off") ? ["--out", folder] : [])];
    return await nexusHere(words, { NEXUS_API_URL: url });
  }

  /** The codes for which evidence is refused. */
  async function refusals(more = "", run = 1): Promise<string[]> {
    const line = ["report --signed-off --force", more].filter((one) => one !== "").join(" ");
    const { code, stderr } = await nexus(line);
    const { evidence } = await files(run);
    expect({ stderr, code, signedOff: evidence.signedOff }).toEqual({
      stderr: "",
      code: evidence.refusals.length === 0 ? 0 : 1,
      signedOff: evidence.refusals.length === 0,
    });
    return evidence.refusals.map((one) => one.code);
  }

  function fileOf(kind: "json" | "html", run = 1): string {
    return join(folder, `evidence-run-${run}.${kind}`);
  }

  async function files(run = 1): Promise<{ json: string; html: string; evidence: Evidence }> {
    const json = await readFile(fileOf("json", run), "utf8");
    const html = await readFile(fileOf("html", run), "utf8");
    return { json, html, evidence: JSON.parse(json) };
  }
});

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
