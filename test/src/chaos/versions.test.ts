/** A release is rolled out in the middle of a run: processes of two releases work side by side. See docs/decisions/versions-side-by-side.md */
import { fileURLToPath } from "node:url";
import type { ServiceName } from "@nexus/local/services";
import { eventually, type ServiceProcess, spawnService } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildCopy } from "../build-copy.ts";
import { drained, unsettledContent } from "../embeddings.ts";
import {
  type Arena,
  beginWithoutLoaders,
  committed,
  expectTheSame,
  extraAttempts,
  openArena,
  breakableWithVectors,
} from "./arena.ts";
import { makeNextRelease } from "./next-release.ts";
import { unexpectedErrors } from "./server-log.ts";

const STOPPED = { code: 0, signal: null };
const NEXUS = fileURLToPath(new URL("../../../packages/cli/dist/main.js", import.meta.url));
const LEFT = { level: "warn", msg: "jobs of a newer release are left to its workers" };

// Needs real servers with pgvector, whose log is read at the end: embedded ones keep none.
describe.skipIf(!breakableWithVectors)(
  "a release that is rolled out in the middle of a run",
  () => {
    let arena: Arena;
    let next: BuildCopy;
    beforeAll(async () => {
      next = makeNextRelease();
      arena = await openArena({
        sample: { scale: 0.02, seed: 23 },
        // A few batches at a time: the run must not be over before the release is rolled out.
        env: {
          BATCH_ROWS: "4",
          HIGH_WATER: "6",
          TICK_MS: "300",
          LOADER_CONCURRENCY: "1",
          API_PORT: "0",
        },
      });
    });
    afterAll(async () => {
      next?.remove();
      await arena?.journey.close();
    });

    it("changes neither what is loaded nor what is embedded, and costs no attempt", async () => {
      const { journey } = arena;
      const [extractor] = journey.services;
      const runId = await beginWithoutLoaders(journey);
      const older = await Promise.all(
        (["loader", "loader", "embedder", "api"] as const).map((name) => journey.start(name)),
      );
      await committed(journey, runId, 10);
      expect(await migrate(next.fileOf(NEXUS))).toMatchObject({
        code: 0,
        said: "applied 099-next.sql",
      });

      await startNext("loader");
      await eventually(async () => (await loadedBy(runId, "older release")) > 0, {
        within: 60_000,
      });
      await replace("extractor", extractor);
      await Promise.all(older.slice(0, 2).map((loader) => loader.waitForLine(LEFT)));
      // A pod of the older release may be started again at any time: the ledger's new column does not keep it from it.
      older.push(await journey.start("loader"));
      await eventually(async () => (await loadedBy(runId, "next release")) >= 5, {
        within: 60_000,
      });

      for (const service of older) await replace(service.name, service);
      await expectTheSame(arena, runId, 60_000);
      expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
      await drained(journey.target);
      expect(await unsettledContent(journey.target)).toEqual([]);
      expect(await loadedBy(runId, null), "batches of the older release's loaders").toBeGreaterThan(
        0,
      );
    });

    it("is taken back: the older release's migration leaves the ledger as it is", async () => {
      expect(await migrate(NEXUS)).toEqual({
        code: 0,
        said: "nothing to do: the target is up to date\nleft out everything: a newer release was here (099-next.sql)",
      });
    });

    it("leaves no error in PostgreSQL's log", () => {
      expect(unexpectedErrors(arena.journey.stack)).toEqual([]);
    });

    function startNext(name: ServiceName): Promise<ServiceProcess> {
      return arena.journey.start(name, {}, next.fileOf);
    }

    /** As a rolling update does: one of the next release is ready before the other is told to end. */
    async function replace(name: string, old: ServiceProcess | undefined): Promise<void> {
      const [service] = (["extractor", "loader", "embedder", "api"] as const).filter(
        (one) => one === name,
      );
      if (service === undefined || old === undefined)
        throw new Error(`there is no ${name} to replace`);
      await startNext(service);
      const ended = await old.kill("SIGTERM");
      expect(ended, `${name}, whose last words were ${old.output().slice(-800)}`).toEqual(STOPPED);
    }

    async function migrate(main: string): Promise<{ code: number | null; said: string }> {
      const env = { TARGET_URL: arena.journey.stack.targetUrl };
      const nexus = spawnService({ name: "nexus migrate", main, env, args: ["migrate"] });
      const { code } = await nexus.exited;
      return { code, said: nexus.output() };
    }

    async function loadedBy(runId: number, by: string | null): Promise<number> {
      const { rowCount } = await arena.journey.target.query(
        "select from migration.batches where run_id = $1 and status = 'done' and loaded_by is not distinct from $2",
        [runId, by],
      );
      return rowCount ?? 0;
    }
  },
);
