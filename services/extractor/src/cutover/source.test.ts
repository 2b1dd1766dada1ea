/** The last look of a cut-over: what a session has committed and not told its counters is found all the same. */
import { entities, entityNamed } from "@nexus/catalog";
import { openPool, readSourceShape } from "@nexus/shared/database";
import { beginFingerprints } from "@nexus/shared/ledger";
import type { CutoverStepName } from "@nexus/shared/states";
import { eventually, runningRun, type TestContext } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { sourceMarks } from "../delta/source-marks.ts";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { lookAtSource, type SourceLook } from "./source-look.ts";
import { stillQuiet } from "./source.ts";
import type { Verdict, Walk } from "./step.ts";

const practices = entityNamed(entities, "practices");

let deps: Deps;
beforeEach(async (context: TestContext) => {
  deps = { ...(await extractorUnderTest(context)), entities: [practices] };
  await deps.legacy.query(
    `drop table dispatch_office;
     create table dispatch_office (id integer primary key, name text, address text, phone text);
     create table dispatch_note (id integer)`,
  );
});

function urlOfSource(): string {
  return deps.legacy.options.connectionString ?? "";
}

/** A worker of an application, whose one session stays open. */
function worker(context: TestContext) {
  const pool = openPool({ url: urlOfSource(), max: 1, name: "django", onError: () => undefined });
  context.onTestFinished(() => pool.end());
  return pool;
}

/** A cut-over that waits to be handed over: its first look is over, and its last delta has begun. */
async function beforeHandOver(given?: SourceLook): Promise<Walk> {
  const first = given ?? (await lookAtSource(deps));
  const shape = await readSourceShape(deps.legacy);
  const runId = await runningRun(deps.target, ["practices"]);
  await beginFingerprints(deps.target, runId, await sourceMarks(deps, [practices], shape));
  const facts = { source: { first, anew: false }, delta: { runs: [runId], changed: [0] } };
  const order = { embeddings: false, codes: "{}" };
  const asked = { order, quietSeconds: 1, withoutBackup: true, sourceFrozen: false };
  return {
    deps,
    cutover: { id: 1, kind: "go", actor: "test", reason: null, asked },
    steps: stepsOf(facts),
  };
}

function stepsOf(facts: Readonly<Partial<Record<CutoverStepName, object>>>): Walk["steps"] {
  const steps = new Map<CutoverStepName, NonNullable<ReturnType<Walk["steps"]["get"]>>>();
  for (const step of ["source", "delta", "hand_over"] as const)
    if (facts[step] !== undefined)
      steps.set(step, {
        step,
        status: "open",
        code: null,
        facts: JSON.stringify(facts[step]),
        looks: 1,
      });
  return steps;
}

/** Looks until there is nothing more to wait for. Undefined: nobody wrote. `version`: what the server says to be. */
async function lastLook(walk: Walk, version?: number): Promise<Verdict | undefined> {
  const look: typeof lookAtSource = async (looking) => {
    const seen = await lookAtSource(looking);
    return { ...seen, version: version ?? seen.version };
  };
  const waited = { facts: {} };
  const ask = async () => {
    const steps = new Map([...walk.steps, ...stepsOf({ hand_over: waited.facts })]);
    const found = await stillQuiet({ ...walk, steps }, look);
    if (typeof found === "function") throw new Error("the last look writes nothing");
    if (found?.status === "open") waited.facts = found.facts;
    return found;
  };
  return await eventually(ask, { until: (one) => one?.status !== "open", within: 30_000 });
}

describe("the last look of a cut-over", () => {
  it("finds what a session committed and has not told", async (context) => {
    const walk = await beforeHandOver();
    const django = worker(context);
    // The first statement is told at once; what comes within a second is kept back, of an idle session before PostgreSQL 15 for ever.
    await django.query("select count(*) from dispatch_office");
    await django.query("insert into dispatch_office (id) values (7)");
    expect(await lastLook(walk)).toMatchObject({
      status: "not_met",
      code: "source_writes",
      facts: { tables: ["dispatch_office"] },
    });
  });

  it("takes a source for quiet whose rows are as they were, though others are busy there", async (context) => {
    const walk = await beforeHandOver();
    await worker(context).query("select count(*), txid_current() from dispatch_office");
    expect(await lastLook(walk)).toBeUndefined();
    expect(await lastLook(walk, 90_500), "rows were compared").toBeUndefined();
  });

  it.each([
    [
      "a view stands for it",
      "alter table dispatch_office rename to offices; create view dispatch_office as select * from offices",
    ],
    ["no fingerprints are kept", undefined],
  ])(
    "says that it cannot tell of a table where %s and a session may keep something back",
    async (_, sql) => {
      if (sql !== undefined) await deps.legacy.query(sql);
      const walk = await beforeHandOver();
      if (sql === undefined)
        await deps.target.query("update migration.runs set source_marks = null");
      const pool = openPool({
        url: urlOfSource(),
        max: 1,
        name: "django",
        onError: () => undefined,
      });
      await pool.query("select txid_current()");
      expect(await lastLook(walk, 140_000)).toEqual({
        status: "not_met",
        code: "source_sessions",
        facts: { sessions: 1, tables: ["dispatch_office"] },
      });
      expect(await lastLook(walk), "from 15 on it is told").toBeUndefined();
      await pool.end();
      const untilGone = () => lastLook(walk, 140_000);
      expect(await eventually(untilGone, { until: (one) => one === undefined })).toBeUndefined();
    },
  );

  it("says that the server was started anew, where its tables look like other ones for that", async () => {
    const first = { ...(await lookAtSource(deps)), started: "2026-01-01 00:00:00+00" };
    const walk = await beforeHandOver(first);
    await deps.target.query(`update migration.runs set source_marks = '{"dispatch_office": "x"}'`);
    await deps.legacy.query("select txid_current()");
    expect(await lastLook(walk)).toMatchObject({ status: "not_met", code: "source_restarted" });
  });
});
