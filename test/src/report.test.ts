/** The report of a real run: every row of the source is in the target or has its reason. */
import { entities } from "@nexus/catalog";
import { type Client, openClient, type Report } from "@nexus/contract";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { keys } from "./outcomes.ts";

describe.each(mostReal(stacks([embedded])))("the report of a finished run, on $name", (stack) => {
  let journey: Journey;
  let client: Client;
  let url: string;
  let report: Report;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.03, dirt: "dangling" } });
    const ready = await (
      await journey.start("api", { API_PORT: "0" })
    ).waitForLine({ msg: "ready" });
    url = `http://127.0.0.1:${String(ready["port"])}`;
    client = openClient({ url });
    await journey.completed(await journey.begin({ skip: ["workflow_templates"] }));
    report = await client.call("GET /v1/report");
  });
  afterAll(() => journey?.close());

  it("sums to all rows of the source: in the target, rejected, parked or left out", async () => {
    let source = 0;
    for (const { entity, expected, current, unread, drift, unaccounted, ...row } of report.progress
      .rows) {
      const counted = await rowsOf(entity);
      source += counted.source;
      expect({ entity, expected, current }).toEqual({
        entity,
        expected: counted.source,
        current: counted.target,
      });
      expect(current + row.rejected + row.parked + row.excluded, entity).toBe(counted.source);
      expect({ entity, unread, drift, unaccounted }).toEqual({
        entity,
        unread: 0,
        drift: 0,
        unaccounted: 0,
      });
    }
    const { totals } = report;
    expect(report.progress.rows.length).toBe(entities.length);
    expect((totals.current + totals.rejected + totals.parked + totals.excluded) / source).toBe(1);
    expect(totals.progress).toBe(Math.floor((1_000 * totals.current) / source) / 10);
  });

  it("lists each exception by its reason, as many as there are", async () => {
    const { shortfalls, totals } = report;
    const exceptions = shortfalls.rows.filter(
      ({ kind }) => kind === "rejected" || kind === "parked",
    );
    const [onRecord = 0] = await keys(journey.target, "select count(*) from migration.exceptions");
    expect(onRecord).toBeGreaterThan(0);
    expect(exceptions.reduce((sum, { rows }) => sum + rows, 0)).toBe(onRecord);
    expect(shortfalls.rows.reduce((sum, { rows }) => sum + rows, 0)).toBe(totals.remaining);
    expect(exceptions.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(["practice_id_dangling", "case_unresolved"]),
    );
    for (const { says, advice } of shortfalls.rows) expect([says, advice]).not.toContain("");
    const [left] = shortfalls.rows.filter(({ kind }) => kind === "left_out");
    expect(left).toMatchObject({
      entity: "workflow_templates",
      rows: (await rowsOf("workflow_templates")).source,
    });
  });

  it("is complete with exceptions, and says where a person finds them", () => {
    expect(report.verdict).toBe("complete_with_exceptions");
    expect(report.summary[0]).toMatch(
      /^Run 1 is complete with exceptions: .+ each of the other \d+ has its reason/,
    );
    expect(report.checks.rows.length).toBeGreaterThan(5 * (entities.length - 1));
    expect(report.summary).toContain("Every check that was made after loading passed.");
    expect(report.nextSteps.join("\n")).toContain(
      "GET /v1/entities/case_states/exceptions?outcome=rejected",
    );
    expect(report.time.phases.filter(({ state }) => state === "done").length).toBe(
      entities.length - 1,
    );
  });

  it("says the same as Markdown and as HTML", async () => {
    const { current } = report.totals;
    for (const accept of ["text/markdown", "text/html"]) {
      const answer = await fetch(`${url}/v1/report`, { headers: { accept } });
      expect(answer.headers.get("content-type")).toContain(accept);
      const text = await answer.text();
      expect(text).toContain(current.toLocaleString("en-US"));
      for (const { entity } of report.progress.rows) expect(text).toContain(entity);
    }
  });

  it("is complete at 100 % where nothing is missing", async () => {
    const runId = await journey.begin({ only: ["workflow_templates"] });
    await journey.completed(runId);
    const made = await client.call("GET /v1/report", { query: { run: runId } });
    expect(made).toMatchObject({ verdict: "complete", totals: { progress: 100, remaining: 0 } });
    expect(made.shortfalls.rows).toEqual([]);
    expect(made.totals.current).toBe((await rowsOf("workflow_templates")).target);
  });

  async function rowsOf(name: string): Promise<{ source: number; target: number }> {
    const entity = entities.find((one) => one.name === name);
    if (entity === undefined) throw new Error(`no entity ${name}`);
    const [source = 0] = await keys(journey.legacy, `select count(*) from ${entity.source.table}`);
    const [target = 0] = await keys(
      journey.target,
      `select count(${entity.target.key}) from public.${entity.target.table}`,
    );
    return { source, target };
  }
});
