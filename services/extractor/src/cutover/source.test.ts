/** The last look of a cut-over: what a session has committed and not told its counters is found all the same. */
import { entities, entityNamed } from "@nexus/catalog";
import { type Client, mayPass, openPool, readSourceShape } from "@nexus/shared/database";
import { beginFingerprints } from "@nexus/shared/ledger";
import { pause } from "@nexus/shared/runtime";
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

/** Counters were given their time, and somebody is about to lock the table. */
async function beforeALock(context: TestContext): Promise<{ walk: Walk; holder: Client }> {
  const walk = await beforeHandOver();
  await deps.legacy.query("select txid_current()");
  const seen = await lookAtSource(deps);
  const waited = stepsOf({ hand_over: { waited: { ...seen, at: seen.at - 60 } } });
  const holder = await worker(context).connect();
  context.onTestFinished(() => holder.release(true));
  return { walk: { ...walk, steps: new Map([...walk.steps, ...waited]) }, holder };
}

/** Of a server on which counters are trusted where nothing else is known. */
const asNewest: typeof lookAtSource = async (looking) => ({
  ...(await lookAtSource(looking)),
  version: 150_000,
});

/** The lock comes after the look at those who write. */
function lookAndLock(holder: Client): typeof lookAtSource {
  return async (looking) => {
    const seen = await asNewest(looking);
    await holder.query("begin; lock table dispatch_office");
    return seen;
  };
}

/** The session that waits for that lock. */
async function waitingFor(holder: Client): Promise<number> {
  const ask = async () => {
    const { rows } = await holder.query<{ pid: number }>(
      "select pid from pg_locks where not granted and relation = 'dispatch_office'::regclass",
    );
    return rows[0]?.pid;
  };
  const pid = await eventually(ask, { until: (one) => one !== undefined, every: 20 });
  if (pid === undefined) throw new Error("nobody waits");
  return pid;
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
        await deps.target.query(
          "update migration.runs set source_marks = null, fingerprints = false",
        );
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
        facts: { sessions: 1, tables: ["dispatch_office"], fingerprints: sql !== undefined },
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

  it("waits for a table that is locked for a while, and finds what was written in it", async (context) => {
    const { walk, holder } = await beforeALock(context);
    const found = stillQuiet(walk, lookAndLock(holder));
    await waitingFor(holder);
    await pause(1_000, context.signal);
    await holder.query("insert into dispatch_office (id) values (7); commit");
    expect(await found).toMatchObject({
      status: "not_met",
      code: "source_writes",
      facts: { tables: ["dispatch_office"] },
    });
  });

  it("is looked for again where its connection breaks", async (context) => {
    const { walk, holder } = await beforeALock(context);
    const found = stillQuiet(walk, lookAndLock(holder));
    const [broken] = await Promise.allSettled([
      found,
      waitingFor(holder).then((pid) => holder.query(`select pg_terminate_backend(${pid})`)),
    ]);
    const reason: unknown = broken.status === "rejected" ? broken.reason : undefined;
    expect(mayPass(reason), String(reason)).toBe(true);
    await holder.query("rollback");
    expect(await lastLook(walk, 150_000)).toBeUndefined();
  });

  it("says that it failed where it is ended for what it takes", async (context) => {
    const { walk, holder } = await beforeALock(context);
    const found = stillQuiet(walk, lookAndLock(holder));
    await holder.query(`select pg_cancel_backend(${await waitingFor(holder)})`);
    expect(await found).toEqual({
      status: "not_met",
      code: "source_unseen",
      facts: { failure: "57014" },
    });
  });

  it.each([90_500, 150_000])(
    "says of a server of version %d that the delta could not look at a table when it began",
    async (version) => {
      const walk = await beforeHandOver();
      await deps.target.query("update migration.runs set source_marks = '{}'");
      await deps.legacy.query("select txid_current()");
      expect(await lastLook(walk, version)).toEqual({
        status: "not_met",
        code: "delta_unseen",
        facts: { runId: 1, tables: ["dispatch_office"] },
      });
    },
  );
});
