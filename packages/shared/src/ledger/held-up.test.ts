import { beforeEach, describe, expect, it } from "vitest";
import type { Server } from "../database/attend.ts";
import type { Pool } from "../database/pool.ts";
import { freshLedger } from "../testing/fresh-ledger.ts";
import { recordHold } from "./holds.ts";
import { CATALOG, still, there, work } from "./stall.fixture.ts";
import { findStall } from "./stall.ts";

let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
});

describe("a run that is held up", () => {
  /** Batches of practices are on offer, and profiles waits to be planned: it failed with `code`. */
  async function held(server: Server, code: string): Promise<number> {
    const runId = await still(target, {
      status: "running",
      entities: {
        practices: { status: "loading", batches: [{ status: "queued" }] },
        profiles: { status: "waiting" },
      },
    });
    await target.query(
      "update migration.run_entities set error_code = $1 where entity = 'profiles'",
      [code],
    );
    await recordHold(target, server, code);
    return runId;
  }

  it.each(["53100", "53300", "28000", "ECONNREFUSED"])(
    "is said in words of its own where everything is refused: %s",
    async (code) => {
      expect(await findStall(target, await held("target", code), CATALOG)).toBeUndefined();
    },
  );

  describe.each(["55P03", "42P01", "foreign_server_away"])("in a part of it, with %s", (code) => {
    it("stands still where the other part has nobody to carry it", async () => {
      const runId = await held("source", code);
      await there(target, "extractor");
      const stall = await findStall(target, runId, CATALOG);
      expect(work(stall)).toEqual([["practices", "load", 1]]);
      expect(stall?.heard.loader.alive).toBe(0);
    });

    it("is said in words of its own where nothing else is left", async () => {
      const runId = await held("source", code);
      await target.query("update migration.batches set error_code = $1", [code]);
      await there(target, "extractor");
      await there(target, "loader");
      expect(await findStall(target, runId, CATALOG)).toBeUndefined();
    });

    it.each(["57P01", "XX000"])(
      "is said in words of its own where others of its batches carry %s of an older trouble",
      async (older) => {
        const runId = await held("source", code);
        await queueOneMore(runId);
        await target.query(
          "update migration.batches set error_code = case seq when 1 then $1 else $2 end",
          [code, older],
        );
        await there(target, "extractor");
        await there(target, "loader");
        expect(await findStall(target, runId, CATALOG)).toBeUndefined();
      },
    );

    it("is said in words of its own where another part met another refusal of that server since", async () => {
      const runId = await held("source", code);
      await target.query("update migration.batches set error_code = $1", [code]);
      await recordHold(target, "source", code === "42P01" ? "55P03" : "42P01");
      await there(target, "extractor");
      await there(target, "loader");
      expect(await findStall(target, runId, CATALOG)).toBeUndefined();
    });

    it("stands still where batches carry only codes of an older trouble", async () => {
      const runId = await held("source", code);
      await target.query("update migration.batches set error_code = '57P01'");
      await there(target, "extractor");
      await there(target, "loader");
      expect(await findStall(target, runId, CATALOG)).toMatchObject({
        work: [{ entity: "practices", ready: "load", errorCode: "57P01" }],
      });
    });

    it("stands still where nobody is there to go on with that part", async () => {
      const runId = await held("source", code);
      expect(work(await findStall(target, runId, CATALOG))).toEqual([
        ["practices", "load", 1],
        ["profiles", "plan", 0],
      ]);
    });
  });
});

async function queueOneMore(runId: number): Promise<void> {
  await target.query(
    `insert into migration.batches (run_id, entity, seq, keys, expected, status, queued_at)
     values ($1, 'practices', 2, '{2}', 1, 'queued', now())`,
    [runId],
  );
}
