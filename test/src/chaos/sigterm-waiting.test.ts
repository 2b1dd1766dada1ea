/** SIGTERM to a service that waits for somebody who does not come: it ends in good order all the same, and what it was at is done by another. */
import { type BedrockServer, bedrockEnvironment, startBedrock } from "@nexus/local/bedrock";
import { eventually, needsVectors } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { drained, unsettledContent } from "../embeddings.ts";
import {
  alive,
  type Arena,
  attemptsUnderWay,
  beginAnew,
  beginWithoutLoaders,
  expectTheSame,
  extraAttempts,
  openArena,
  breakable,
} from "./arena.ts";
import { heldUp, heldUpAt, hold } from "./hold.ts";

const STOPPED = { code: 0, signal: null };

describe.skipIf(!breakable)("SIGTERM", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({
      sample: { scale: 0.01, seed: 19 },
      env: { BATCH_ROWS: "100", DRAIN_MS: "1000", SHUTDOWN_GRACE_MS: "8000" },
    });
  });
  afterAll(() => arena.journey.close());

  it("makes a loader hand back a batch that waits for a lock in the target, and leaves no session there", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(journey.target, "lock table public.cases in share mode");
    const loader = await journey.start("loader");
    await heldUpAt(journey.target, "loader", "public.cases");
    expect(await loader.kill("SIGTERM")).toEqual(STOPPED);
    expect(await attemptsUnderWay(journey, runId), "attempts counted").toBe(0);
    await eventually(async () => (await sessionsOf("loader")) === 0);
    await table.release();
    await journey.start("loader");
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("ends an extractor that waits for the source while it plans", async () => {
    const { journey } = arena;
    const [extractor] = await alive(journey, "extractor");
    const table = await hold(
      journey.legacy,
      "lock table dispatch_project in access exclusive mode",
    );
    const runId = await beginAnew(journey);
    await heldUpAt(journey.legacy, "extractor", "dispatch_project");
    expect(await extractor?.kill("SIGTERM")).toEqual(STOPPED);
    await table.release();
    await journey.start("extractor");
    await expectTheSame(arena, runId, 60_000);
  });

  it("ends an extractor that waits for the target while it settles", async () => {
    const { journey } = arena;
    const [extractor] = await alive(journey, "extractor");
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(
      journey.target,
      "lock table public.cases in share update exclusive mode",
    );
    await journey.start("loader");
    await heldUp(journey.target, "extractor", "analyze public.cases");
    expect(await extractor?.kill("SIGTERM")).toEqual(STOPPED);
    await table.release();
    await journey.start("extractor");
    await expectTheSame(arena, runId, 60_000);
  });

  it("makes an embedder give back the texts whose calls hang", async (context) => {
    needsVectors(context);
    const { journey } = arena;
    const bedrock = await startBedrock({ faults: [{ fault: "hang" }] });
    onTestFinished(() => bedrock.close());
    await expectTheSame(arena, await beginAnew(journey), 60_000);
    const embedder = await startEmbedder(bedrock);
    await eventually(() => bedrock.bill().calls > 0);
    expect(await embedder.kill("SIGTERM")).toEqual(STOPPED);
    const { rows } = await journey.target.query(
      "select id from migration.embedding_texts where claimed_until > now() and embedding is null",
    );
    expect(rows, "texts that others would have to wait for").toEqual([]);
    bedrock.change({ faults: [] });
    const next = await startEmbedder(bedrock);
    await drained(journey.target);
    expect(await unsettledContent(journey.target)).toEqual([]);
    expect(await next.kill("SIGTERM")).toEqual(STOPPED);
  });

  it("lets an API answer what it was asked, and end its streams", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const api = await journey.start("api", { API_PORT: "0" });
    const { port } = z.object({ port: z.number() }).parse(await api.waitForLine({ msg: "ready" }));
    const ask = (path: string, method = "GET") =>
      fetch(`http://127.0.0.1:${port}${path}`, { method });
    const stream = await ask("/v1/progress/stream");
    const runs = await hold(journey.target, "select from migration.runs where id = $1 for update", [
      runId,
    ]);
    const cancelled = ask(`/v1/runs/${runId}/cancel`, "POST");
    await heldUp(journey.target, "api", "migration.runs");
    const stopped = api.kill("SIGTERM");
    await api.waitForLine({ msg: "stopping" });
    await runs.release();
    expect((await cancelled).status).toBe(200);
    expect(await stream.text(), "a whole stream").toMatch(/^retry: .*\n\n(.|\n)*\n\n$/);
    expect(await stopped).toEqual(STOPPED);
  });

  function startEmbedder(bedrock: BedrockServer) {
    return arena.journey.start("embedder", {
      ...bedrockEnvironment(bedrock.url),
      EMBEDDING_PROVIDER: "bedrock",
    });
  }

  async function sessionsOf(service: string): Promise<number> {
    const { rowCount } = await arena.journey.target.query(
      "select from pg_stat_activity where application_name = $1",
      [`nexus-${service}`],
    );
    return rowCount ?? 0;
  }
});
