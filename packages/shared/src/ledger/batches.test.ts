import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { MAX_ATTEMPTS } from "../runtime/retry-policy.ts";
import { eventually } from "../testing/eventually.ts";
import { freshLedger } from "../testing/fresh-ledger.ts";
import { loadingEntity, runningRun } from "../testing/fresh-target.ts";
import { lockWaits } from "../testing/lock-waits.ts";
import {
  countAttempt,
  failBatch,
  failExhausted,
  finishBatch,
  planNextGeneration,
  retryBatch,
  snoozeBatch,
  markQueued,
} from "./batch-lifecycle.ts";
import {
  type BatchCounts,
  lockBatch,
  queuedBatches,
  queuedCount,
  releaseBatch,
  roomFor,
} from "./batches.ts";

let target: Pool;
let runId: number;
let first: number;

const COUNTS: BatchCounts = {
  read: 10,
  loaded: 8,
  inserted: 6,
  updated: 1,
  rejected: 1,
  parked: 1,
  noted: 2,
};

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
  runId = await runningRun(target, ["practices"]);
  first = (await loadingEntity(target, runId, "practices", 20))[0] ?? 0;
});

async function batch(): Promise<Record<string, unknown>> {
  const { rows } = await target.query<Record<string, unknown>>(
    `select *, available_at > now() as later from migration.batches where id = ${first}`,
  );
  return rows[0] ?? {};
}

function take(limit: number): ReturnType<typeof markQueued> {
  return markQueued(target, runId, "practices", limit);
}

describe("taking a page of batches", () => {
  it("gives two sessions at once different ones, in their order", async () => {
    await inTransaction(target, async (one) => {
      await inTransaction(target, async (other) => {
        const mine = await markQueued(one, runId, "practices", 12);
        const theirs = await markQueued(other, runId, "practices", 12);
        expect(mine.map(({ to }) => to)).toEqual(Array.from({ length: 12 }, (_, n) => n * 10 + 10));
        expect(theirs).toHaveLength(8);
        expect(new Set([...mine, ...theirs].map(({ id }) => id)).size).toBe(20);
      });
    });
    expect(await take(5)).toEqual([]);
  });

  it("leaves those that are to wait, and counts what is on offer against the high-water mark", async () => {
    await target.query(
      "update migration.batches set available_at = now() + interval '1 hour' where seq > 3",
    );
    expect(await take(20)).toHaveLength(3);
    expect(await roomFor(target, runId, "practices", 5)).toBe(2);
    expect(await queuedCount(target, runId, "practices", 0)).toBe(3);
    expect(await queuedCount(target, runId, "practices", 60_000)).toBe(0);
    expect(await queuedBatches(target, runId, "practices")).toHaveLength(3);
  });
});

describe("counting an attempt", () => {
  it("succeeds five times, however many ask at once, and never more", async () => {
    await take(1);
    const tries = await Promise.all(
      Array.from({ length: 20 }, () => countAttempt(target, first, 1)),
    );
    const attempts = tries.flatMap((claimed) => claimed?.attempts ?? []);
    expect(new Set(attempts)).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(attempts).toHaveLength(MAX_ATTEMPTS);
    expect(await countAttempt(target, first, 1)).toBeUndefined();
  });

  it("gives the range, and refuses what is not on offer or of another generation", async () => {
    expect(await countAttempt(target, first, 1)).toBeUndefined();
    await take(1);
    expect(await countAttempt(target, first, 2)).toBeUndefined();
    expect(await countAttempt(target, first, 1)).toEqual({
      id: first,
      runId,
      entity: "practices",
      generation: 1,
      attempts: 1,
      breaks: 0,
      after: 0,
      to: 10,
      keys: null,
    });
  });

  it("fails the batch only when none is left", async () => {
    await take(1);
    for (let n = 1; n < MAX_ATTEMPTS; n += 1) await countAttempt(target, first, 1);
    expect(await failExhausted(target, first, 1)).toBeUndefined();
    await countAttempt(target, first, 1);
    expect(await failExhausted(target, first, 1)).toMatchObject({ expected: 10 });
    expect(await batch()).toMatchObject({ status: "failed", error_code: "attempts_exhausted" });
  });

  it("is taken back where the attempt was none", async () => {
    await take(1);
    await countAttempt(target, first, 1);
    await releaseBatch(target, first, 1);
    await releaseBatch(target, first, 1);
    expect(await batch()).toMatchObject({ status: "queued", attempts: 0 });
  });
});

describe("the lock of a batch", () => {
  it("is a fence: who cancels waits for the loader's end, and finds the batch done", async () => {
    await take(1);
    let cancelled: Promise<unknown> = Promise.resolve();
    await inTransaction(target, async (tx) => {
      expect(await lockBatch(tx, first, 1)).toEqual({ status: "queued", runStatus: "running" });
      cancelled = target
        .query(
          `update migration.batches set status = 'cancelled' where id = ${first} and status = 'queued'`,
        )
        .then(({ rowCount }) => expect(rowCount).toBe(0));
      await eventually(async () => (await lockWaits(target)) === 1);
      await finishBatch(tx, first, COUNTS, 12.6);
    });
    await cancelled;
    expect(await batch()).toMatchObject({ status: "done", duration_ms: 13, ...COUNTS });
  });

  it("says of a second generation what stands, and adds what it wrote", async () => {
    await take(1);
    await finishBatch(target, first, COUNTS, 1);
    await planNextGeneration(target, { sql: "b.id = $1", values: [first] });
    expect(await batch()).toMatchObject({ status: "planned", generation: 2, updated: 1 });
    await take(1);
    const again = { ...COUNTS, loaded: 9, inserted: 1, updated: 0, parked: 0 };
    await finishBatch(target, first, again, 1);
    expect(await batch()).toMatchObject({ ...again, inserted: 7, updated: 1 });
  });

  it("is a fence the other way round: the loader sees that it was cancelled", async () => {
    await take(1);
    let seen: Promise<unknown> = Promise.resolve();
    await inTransaction(target, async (tx) => {
      await tx.query(`update migration.batches set status = 'cancelled' where id = ${first}`);
      seen = inTransaction(target, (loader) => lockBatch(loader, first, 1));
      await eventually(async () => (await lockWaits(target)) === 1);
    });
    expect(await seen).toEqual({ status: "cancelled", runStatus: "running" });
    expect(await lockBatch(target, first, 2)).toBeUndefined();
  });
});

describe("a batch that is handed back", () => {
  it.each([
    ["spent", 1, retryBatch],
    ["returned", 0, snoozeBatch],
  ] as const)(
    "with its attempt %s is planned again later, with %d on record",
    async (_, attempts, again) => {
      await take(1);
      await countAttempt(target, first, 1);
      await again(target, first, 1, { delayMs: 60_000, errorCode: "40001" });
      expect(await batch()).toMatchObject({
        status: "planned",
        attempts,
        later: true,
        error_code: "40001",
      });
      expect((await take(1))[0]?.id).not.toBe(first);
    },
  );

  it("has no attempt less than none when a crash has forgotten the one that is given back", async () => {
    await take(1);
    await snoozeBatch(target, first, 1, { delayMs: 0, errorCode: "57P01" });
    expect(await batch()).toMatchObject({ status: "planned", attempts: 0 });
  });

  it("stays as it is when its generation is not the newest, or it is not on offer", async () => {
    await snoozeBatch(target, first, 1, { delayMs: 0, errorCode: "40001" });
    await take(1);
    await snoozeBatch(target, first, 2, { delayMs: 0, errorCode: "40001" });
    await failBatch(target, first, 2, "defect");
    expect(await batch()).toMatchObject({ status: "queued", attempts: 0, error_code: null });
    await failBatch(target, first, 1, "defect");
    await snoozeBatch(target, first, 1, { delayMs: 0, errorCode: "40001" });
    expect(await batch()).toMatchObject({ status: "failed", error_code: "defect" });
  });
});
