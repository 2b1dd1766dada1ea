/** Real embedders fill the stand-in for Dify from a real run; some of them are killed. */
import { readdirSync, readlinkSync } from "node:fs";
import { entities } from "@nexus/catalog";
import { difyEnvironment, type DifyServer, startDify } from "@nexus/local/dify";
import { serviceToRun } from "@nexus/local/services";
import { backfill } from "@nexus/shared/ledger";
import {
  eventually,
  mostReal,
  type ServiceProcess,
  spawnService,
  stacksWithVectors,
} from "@nexus/shared/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { canariesIn } from "./canaries.ts";
import { breakableWithVectors, servers } from "./chaos/arena.ts";
import { dice, rounds, seed } from "./chaos/dice.ts";
import { filled, heldDocuments, wantedDocuments } from "./dify.ts";
import { embedded } from "./embedded-stack.ts";
import { drained, unsettledContent } from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";

/** Kills need a fill that lasts. */
const LONG_SCALE = 0.01;
/** Some 300 contents are enough for every way that a content can go; `npm run chaos` fills more. */
const SCALE = rounds > 1 ? LONG_SCALE : 0.004;
const NOWHERE = {
  legacyUrl: "postgres://nobody@nowhere.test/x",
  targetUrl: "postgres://nobody@nowhere.test/x",
  queueUrl: "redis://nowhere.test",
};

describe.each(mostReal(stacksWithVectors([embedded])))("Dify on $name", (stack) => {
  let dify: DifyServer;
  let journey: Journey;
  beforeAll(async () => {
    dify = await startDify();
    journey = await openJourney(stack, {
      sample: { scale: SCALE },
      env: difyEnvironment(dify.url),
      embedders: 1,
    });
  });
  afterAll(async () => {
    await journey?.close();
    await dify?.close();
  });

  const run = async (options: Parameters<Journey["begin"]>[0]): Promise<void> => {
    await journey.completed(await journey.begin(options));
    await filled(journey.target);
  };

  /** Renames a project that belongs to a practice: it and its case are documents. */
  const rename = async (name: string): Promise<void> => {
    const { rows } = await journey.target.query<{ id: number }>(
      `select min(legacy_project_id) as id from public.cases where practice_id is not null`,
    );
    await journey.legacy.query(`update dispatch_project set name = $1 where id = $2`, [
      name,
      rows[0]?.id,
    ]);
  };

  it("is filled beside the embeddings: a dataset per practice, a document per content", async () => {
    await run({ embeddings: true, dify: true });
    const wanted = await wantedDocuments(journey.target);
    expect(wanted.length).toBeGreaterThan(100);
    expect(heldDocuments(dify)).toEqual(wanted);
    expect(new Set(dify.datasets().map(({ name }) => name))).toEqual(
      new Set(wanted.map((line) => line.split(" ")[0])),
    );
    await drained(journey.target);
    expect(await unsettledContent(journey.target)).toEqual([]);
  });

  it("is asked for nothing by a run over an unchanged source", async () => {
    const calls = changes(dify);
    await run({ embeddings: true, dify: true });
    expect(changes(dify)).toBe(calls);
  });

  it("follows what changes in the source, moves in the target, or goes", async () => {
    await rename("Renamed for the test");
    await run({ dify: true });
    expect(dify.documents().filter(({ revision }) => revision > 0)).toHaveLength(2);
    await journey.target.query(
      `update public.cases set practice_id = (select id from public.practices p where p.id <> cases.practice_id order by id limit 1)
       where id in (select id from public.cases where practice_id is not null order by id limit 5)`,
    );
    await journey.target.query(
      `delete from public.case_states where id in (select id from public.case_states where practice_id is not null order by id limit 5)`,
    );
    await filled(journey.target);
    expect(heldDocuments(dify)).toEqual(await wantedDocuments(journey.target));
  });

  it("is left alone by a run that skips it, which a backfill makes up for", async () => {
    await run({ dify: true }); // What was moved and deleted in the target is as in the source again.
    const calls = changes(dify);
    await rename("Renamed again");
    await run({ embeddings: true });
    await drained(journey.target);
    expect(changes(dify)).toBe(calls);
    await backfill(journey.target, entities, "missing", { actor: "test", reason: null }, "dify");
    await filled(journey.target);
    expect(changes(dify)).toBeGreaterThan(calls);
    expect(heldDocuments(dify)).toEqual(await wantedDocuments(journey.target));
  });
});

// Runs on servers that a test may break, with vectors: chaos/arena.ts says where there are none.
describe.skipIf(!breakableWithVectors)(`Dify in trouble (seed ${seed})`, () => {
  let dify: DifyServer;
  let journey: Journey;
  afterEach(async () => {
    await journey?.close();
    await dify?.close();
  });

  it("holds up neither the load nor the embeddings when it answers nothing", async () => {
    const silent = [{ fault: "hang" as const }];
    dify = await startDify({ faults: { "create-dataset": silent, create: silent, find: silent } });
    const sample = { scale: SCALE };
    journey = await openJourney(servers, { sample, env: difyEnvironment(dify.url), embedders: 1 });
    await journey.completed(await journey.begin({ embeddings: true, dify: true }));
    await drained(journey.target);
    expect(await unsettledContent(journey.target)).toEqual([]);
    expect(dify.documents()).toEqual([]);
    dify.change({ faults: {} });
    expect(await filled(journey.target)).toMatchObject({ items: { failed: 0 } });
    expect(heldDocuments(dify)).toEqual(await wantedDocuments(journey.target));
  });

  it("holds each content once in the end where embedders are killed, and nobody wrote a value anywhere else", async () => {
    dify = await startDify({ latencyMs: 20, indexingMs: 100 });
    const env = { ...difyEnvironment(dify.url), EMBEDDINGS: "off", LOG_LEVEL: "trace" };
    journey = await openJourney(servers, {
      sample: { scale: LONG_SCALE, markers: "canaries" },
      env,
    });
    const thrown = dice(seed);
    const alive: ServiceProcess[] = [
      await journey.start("embedder"),
      await journey.start("embedder"),
    ];
    await journey.completed(await journey.begin({ dify: true }));
    const kills = 5;
    for (let n = 0; n < kills; n++) {
      const more = dify.calls("create") + 1 + thrown.upTo(20);
      await eventually(() => dify.calls("create"), {
        until: (calls) => calls >= more,
        within: 60_000,
        every: 2,
      });
      await alive.shift()?.kill("SIGKILL");
      alive.push(await journey.start("embedder"));
    }
    expect(await filled(journey.target)).toMatchObject({ items: { failed: 0 } });
    expect(heldDocuments(dify)).toEqual(await wantedDocuments(journey.target));
    expect(canariesIn(heldDocuments(dify).join("\n")).length).toBeGreaterThan(0);
    for (const { name } of dify.documents()) expect(name).toMatch(/^[a-z_]+-[0-9a-f-]{36}$/);
    for (const service of journey.services) expect(canariesIn(service.output())).toEqual([]);
  });
});

describe("an embedder without Dify", () => {
  it("reads none of its variables and opens nothing", async () => {
    const env = { EMBEDDINGS: "off", DIFY: "off", DIFY_URL: "not a URL", DIFY_CALLS: "many" };
    const embedder = spawnService(serviceToRun("embedder", NOWHERE, env));
    await embedder.waitForLine({ msg: "ready", dify: "off", embeddings: "off" });
    if (process.platform === "linux") expect(socketsOf(embedder)).toBe(0);
    expect(await embedder.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  });

  it("that shall have it says what is missing, all at once, and ends", async () => {
    const env = { EMBEDDINGS: "off", DIFY: "on", DIFY_URL: "dify.test", DIFY_API_KY: "x" };
    const embedder = spawnService(serviceToRun("embedder", NOWHERE, env));
    expect(await embedder.exited).toEqual({ code: 2, signal: null });
    expect(embedder.output()).toMatch(
      /DIFY_API_KY.*did you mean DIFY_API_KEY.*DIFY_URL must look like.*DIFY_API_KEY is missing/,
    );
  });
});

/** Calls that change something. */
function changes(dify: DifyServer): number {
  return (["create-dataset", "create", "update", "delete"] as const)
    .map((operation) => dify.calls(operation))
    .reduce((sum, calls) => sum + calls);
}

/** Sockets of a process, but for its standard streams, which its parent gave it. */
function socketsOf({ pid }: ServiceProcess): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter(
    (fd) => Number(fd) > 3 && readlinkSync(`${folder}/${fd}`).startsWith("socket:"),
  ).length;
}
