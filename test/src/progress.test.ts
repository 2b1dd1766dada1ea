/** What the API shows while loaders are killed and rows are bad: what SQL said in the last two seconds, never less than before. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import { followProgress, openClient, type RunView } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { pause } from "@nexus/shared/runtime";
import { patientClock, remark, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { killAny, strikeAll } from "./chaos/blows.ts";
import { dice, seed } from "./chaos/dice.ts";
import { type Journey, openJourney } from "./journey.ts";
import { compare, falls, type Observed, type Truth } from "./progress/shown.ts";

const TWO_SECONDS = 2_000;
/** Of a machine that has a processor to spare: on a busy one, what is shown is late because everything is. */
const now = patientClock();
const [servers] = stacks();

// Needs real servers: it measures seconds, and embedded databases have one session for all of its processes.
describe.skipIf(servers === undefined)(`the progress of a run with faults (seed ${seed})`, () => {
  let journey: Journey;
  beforeAll(async () => {
    if (servers === undefined) return;
    journey = await openJourney(servers, {
      sample: { scale: 0.03, seed: 3, dirt: "dangling" },
      env: { BATCH_ROWS: "20", LOADER_CONCURRENCY: "1", CARE_MS: "1000", API_PORT: "0" },
      extractors: 2,
      loaders: 2,
    });
    await journey.target.query(
      "alter table public.cases add constraint poison check (legacy_project_id % 50 <> 0)",
    );
  });
  afterAll(() => journey?.close());

  it("is what SQL says, asked often, asked seldom and streamed; it never falls and never passes 100", async () => {
    const urls = [await api(journey), await api(journey), await api(journey)] as const;
    const runId = await journey.begin({ lossPercent: 100 });
    const over = new AbortController();
    const truths: Truth[] = [];
    const watching = Promise.all([
      watchTruth(journey.target, runId, truths, over.signal),
      poll(urls[0], 100, over.signal),
      poll(urls[1], 1_700, over.signal),
      follow(urls[2], over.signal),
    ]);
    const thrown = dice(seed);
    const starting: Promise<unknown>[] = [];
    const blows = Array.from({ length: 5 }, () => killAny(journey, "loader", thrown, starting));
    await strikeAll(journey, runId, blows, thrown);
    await journey.completed(runId);
    await pause(TWO_SECONDS, new AbortController().signal);
    over.abort();
    const [, often, seldom, streamed] = await watching;
    await Promise.all(starting);
    for (const [how, observed] of Object.entries({ often, seldom, streamed })) {
      const { oldest, early } = compare(observed, truths);
      remark(
        "measured",
        `progress ${how}: ${observed.length} answers, at most ${oldest} ms behind SQL`,
      );
      expect(early, `${how}: shown before SQL had it`).toEqual([]);
      expect(oldest, `${how}: ms behind SQL`).toBeLessThanOrEqual(TWO_SECONDS);
      expect(falls(observed), `${how}: fell`).toEqual([]);
      const last = observed.at(-1)?.view;
      expect(
        last?.entities.map(({ entity, loaded, rejected, parked }) => [
          entity,
          loaded + rejected + parked,
        ]),
      ).toEqual(Object.entries(truths.at(-1)?.rows ?? {}));
      expect(last?.totals.rejected, "poison rows").toBeGreaterThan(20);
      expect(last).toMatchObject({
        run: { status: "completed" },
        totals: { percent: 100, sumClosed: true },
      });
    }
  });
});

async function api(journey: Journey): Promise<string> {
  const service = await journey.start("api");
  const { port } = z
    .object({ port: z.number() })
    .parse(await service.waitForLine({ msg: "ready" }));
  return `http://127.0.0.1:${port}`;
}

/** Counts, again and again, the rows that are in the target or have an exception. */
async function watchTruth(
  db: Pool,
  runId: number,
  truths: Truth[],
  signal: AbortSignal,
): Promise<void> {
  const counts = inDependencyOrder(entities).map(
    ({ name, target }) => `'${name}', (select count(*) from public.${target.table})
       + (select count(*) from migration.exceptions where run_id = $1 and entity = '${name}')`,
  );
  while (!signal.aborted) {
    const began = now();
    const { rows } = await db.query<{ counts: string }>(
      `select json_build_object(${counts.join(", ")}) as counts`,
      [runId],
    );
    for (const { counts } of rows)
      truths.push({ began, rows: z.record(z.string(), z.number()).parse(JSON.parse(counts)) });
    await pause(50, signal);
  }
}

async function poll(url: string, every: number, signal: AbortSignal): Promise<Observed[]> {
  const observed: Observed[] = [];
  const client = openClient({ url });
  while (!signal.aborted) {
    const view: RunView = await client.call("GET /v1/progress");
    const seen = now();
    observed.push({ from: seen, until: seen, view });
    await pause(every, signal);
  }
  return observed;
}

/** A reader sees an event until the next one comes. */
async function follow(url: string, signal: AbortSignal): Promise<Observed[]> {
  const events: { readonly from: number; readonly view: RunView }[] = [];
  for await (const view of followProgress({ url }, signal)) events.push({ from: now(), view });
  return events.map((event, at) => ({
    ...event,
    until: events[at + 1]?.from ?? now(),
  }));
}
