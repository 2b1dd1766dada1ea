/** Loaders and embedders are scaled up and down, to none and back, while a run is under way and some of them meet their end. */
import { type BedrockServer, bedrockEnvironment, startBedrock } from "@nexus/local/bedrock";
import { remark, type ServiceProcess } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callCount, distinctTexts, drained, failures, unsettledContent } from "../embeddings.ts";
import {
  alive,
  type Arena,
  beginAnew,
  committed,
  expectTheSame,
  mostAttempts,
  openArena,
  breakableWithVectors,
  standing,
} from "./arena.ts";
import { dice, rounds, seed } from "./dice.ts";

const MINUTES = 60_000 * rounds;
const CALLS = 4;

interface Scale {
  readonly loader: number;
  readonly embedder: number;
}

describe.skipIf(!breakableWithVectors)(
  `a run that is scaled (seed ${seed})`,
  { timeout: 10 * MINUTES },
  () => {
    const thrown = dice(seed);
    const struck = { SIGTERM: 0, SIGKILL: 0 };
    let embeddersKilled = 0;
    let arena: Arena;
    let bedrock: BedrockServer;
    beforeAll(async () => {
      bedrock = await startBedrock({ latencyMs: 30 });
      arena = await openArena({
        sample: { scale: 0.015 * rounds, seed: 29, dirt: "dangling" },
        env: {
          ...bedrockEnvironment(bedrock.url),
          EMBEDDING_PROVIDER: "bedrock",
          EMBEDDER_CALLS: String(CALLS),
          CALL_TIMEOUT_MS: "2000",
          TEXT_CLAIM_MS: "4000",
          // A few batches at a time: the run must not be over before all that is scaled has started.
          BATCH_ROWS: "4",
          HIGH_WATER: "4",
          TICK_MS: "300",
          LOADER_CONCURRENCY: "1",
        },
      });
    }, 10 * MINUTES);
    afterAll(async () => {
      await arena?.journey.close();
      await bedrock?.close();
    });

    it("from 1 to 8 to 0 to 3 loaders, and embedders with them, loses nothing and does nothing twice", async () => {
      const { journey } = arena;
      const runId = await beginAnew(journey);
      await journey.start("embedder");
      for (let round = 0; round < rounds; round++) {
        await furtherBy(runId, thrown.upTo(40));
        await scale({ loader: 8, embedder: 4 });
        await strike(runId, ["loader", "embedder", "loader"]);
        await scale({ loader: 0, embedder: 0 });
        await expectStandstill(runId);
        await scale({ loader: 3, embedder: 2 });
        await strike(runId, ["loader", "embedder"]);
        await scale({ loader: 3, embedder: 2 });
      }
      await expectTheSame(arena, runId, MINUTES);
      await drained(journey.target, MINUTES);
      expect(
        await unsettledContent(journey.target),
        "contents without their vectors, or with too many",
      ).toEqual([]);
      expect(await failures(journey.target)).toBe(0);
      const paidAgain = bedrock.bill().billed - (await distinctTexts(journey.target));
      expect(paidAgain).toBeLessThanOrEqual(embeddersKilled * CALLS);
      expect(bedrock.bill().billed).toBeGreaterThanOrEqual(await callCount(journey.target));
      remark(
        "measured",
        `1 → 8 → 0 → 3 loaders, ${struck.SIGTERM} processes ended by SIGTERM, ${struck.SIGKILL} by SIGKILL: ${await mostAttempts(journey, runId)} attempts of a batch at most, ${paidAgain} texts paid again`,
      );
    });

    /** Waits until so many more batches are committed. Throws when the run is over: then more batches are needed. */
    async function furtherBy(runId: number, batches: number): Promise<void> {
      const { done } = await standing(arena.journey, runId);
      const { over } = await committed(arena.journey, runId, done + batches);
      if (over) throw new Error("the run was over before it was scaled");
    }

    async function scale(wanted: Scale): Promise<void> {
      const changes = (["loader", "embedder"] as const).map(async (name) => {
        const running = await alive(arena.journey, name);
        const missing = Math.max(0, wanted[name] - running.length);
        const more = Array.from({ length: missing }, () => arena.journey.start(name));
        await Promise.all([...running.slice(wanted[name]).map(end), ...more]);
      });
      await Promise.all(changes);
    }

    /** As an autoscaler ends a process, or as a machine does. */
    async function end(service: ServiceProcess): Promise<void> {
      const signal = thrown.oneOf(["SIGTERM", "SIGKILL"] as const);
      struck[signal] += 1;
      if (signal === "SIGKILL" && service.name === "embedder") embeddersKilled += 1;
      const ended = signal === "SIGTERM" ? { code: 0, signal: null } : { code: null, signal };
      expect(await service.kill(signal), service.name).toEqual(ended);
    }

    /** One of each name ends, at any moment. */
    async function strike(runId: number, names: readonly (keyof Scale)[]): Promise<void> {
      for (const name of names) {
        await furtherBy(runId, thrown.upTo(10));
        const [first, ...others] = await alive(arena.journey, name);
        if (first !== undefined) await end(thrown.oneOf([first, ...others]));
      }
    }

    /** Without workers the run waits; nothing fails for that. */
    async function expectStandstill(runId: number): Promise<void> {
      const { journey } = arena;
      const workers = [...(await alive(journey, "loader")), ...(await alive(journey, "embedder"))];
      expect(workers).toEqual([]);
      const { rows } = await journey.target.query(
        `select status, (select count(*) from migration.batches where run_id = $1 and status = 'failed') as failed
       from migration.runs where id = $1`,
        [runId],
      );
      expect(rows).toEqual([{ status: "running", failed: 0 }]);
    }
  },
);
