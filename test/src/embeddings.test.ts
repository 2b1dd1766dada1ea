import { readdirSync, readlinkSync } from "node:fs";
import { entities } from "@nexus/catalog";
import { backfill } from "@nexus/shared/ledger";
import {
  eventually,
  mostReal,
  type ServiceProcess,
  stacksWithVectors,
} from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";
import {
  callCount,
  distinctTexts,
  drained,
  indexState,
  unsettledContent,
  vectorTimes,
} from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";

const BY = { actor: "test", reason: null };

describe.each(mostReal(stacksWithVectors([embedded])))("embeddings on $name", (stack) => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.02 } });
  });
  afterAll(() => journey.close());

  it("are not made when they are off: no event, and no socket of an embedder", async () => {
    const embedder = await journey.start("embedder", {
      EMBEDDINGS: "off",
      TARGET_URL: "postgres://nobody@nowhere.test/x",
    });
    expect(embedder.logs()).toContainEqual(
      expect.objectContaining({ msg: "ready", embeddings: "off" }),
    );
    await journey.completed(await journey.begin({ embeddings: false }));
    expect(await eventCount(journey)).toBe(0);
    if (process.platform === "linux") expect(socketsOf(embedder)).toBe(0);
    expect(await embedder.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  });

  it("are made by a backfill of what was loaded without, once", async () => {
    const first = await backfill(journey.target, entities, "missing", BY);
    expect(first).toMatchObject({ kind: "backfilled", items: await contentCount(journey) });
    expect(await backfill(journey.target, entities, "missing", BY)).toMatchObject({
      events: 0,
      items: 0,
    });
    await Promise.all([journey.start("embedder"), journey.start("embedder")]);
    await drained(journey.target);
    expect(await unsettledContent(journey.target)).toEqual([]);
    expect(await backfill(journey.target, entities, "missing", BY)).toMatchObject({
      events: 0,
      items: 0,
    });
  });

  it("cost one call for each text of a practice", async () => {
    expect(await callCount(journey.target)).toBe(await distinctTexts(journey.target));
  });

  it("cost nothing the second time, even if everything is offered again", async () => {
    const before = await callCount(journey.target);
    await journey.completed(await journey.begin({ embeddings: true }));
    await backfill(journey.target, entities, "all", BY);
    await drained(journey.target);
    expect(await callCount(journey.target)).toBe(before);
    expect(await unsettledContent(journey.target)).toEqual([]);
  });

  it("are made anew for the rows that changed in the source, and for no other", async () => {
    const before = await vectorTimes(journey.target);
    await journey.legacy.query(
      `update dispatch_project set name = 'Renamed for the test' where id = (select min(id) from dispatch_project)`,
    );
    await journey.completed(await journey.begin({ embeddings: true }));
    await drained(journey.target);
    const after = await vectorTimes(journey.target);
    const touched = [...after].filter(([id, time]) => before.get(id) !== time);
    expect(new Set(touched.map(([id]) => id.split(" ")[0]))).toEqual(new Set(["case", "project"]));
    expect(touched).toHaveLength(2);
    expect(await unsettledContent(journey.target)).toEqual([]);
  });

  it("end with an index, where the server can build one beside its work", async () => {
    const expected = stack.name === "embedded" ? "absent" : "ready";
    await eventually(() => indexState(journey.target), {
      until: (state) => state === expected,
      within: 30_000,
    });
  });
});

async function eventCount({ target }: Journey): Promise<number> {
  const { rows } = await target.query<{ count: number }>(
    `select count(*) from migration.content_events`,
  );
  return rows[0]?.count ?? 0;
}

async function contentCount({ target }: Journey): Promise<number> {
  const tables = entities.flatMap(({ content, target }) =>
    content === null ? [] : [target.table],
  );
  const { rows } = await target.query<{ count: number }>(
    `select ${tables.map((table) => `(select count(*) from public.${table})`).join(" + ")} as count`,
  );
  return rows[0]?.count ?? 0;
}

/** Sockets of a process, but for its standard streams, which its parent gave it. */
function socketsOf({ pid }: ServiceProcess): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter(
    (fd) => Number(fd) > 3 && readlinkSync(`${folder}/${fd}`).startsWith("socket:"),
  ).length;
}
