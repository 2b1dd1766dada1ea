import { freshTarget, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { inTransaction, type Pool } from "@nexus/shared/database";
import { knownRanges, knownRows, keepFingerprints, lacksKnownRows } from "@nexus/shared/ledger";
import { mergeFingerprints } from "./merge-fingerprints.ts";

const PRACTICES = { name: "practices", target: { table: "practices", key: "legacy_id" } } as const;
const START = "-9223372036854775808";

let target: Pool;
let run: number;

beforeEach(async (context) => {
  target = await freshTarget(context);
  run = await runningRun(target, ["practices"]);
});

interface Batch {
  readonly range?: readonly [after: number, to: number];
  readonly keys?: number[];
  readonly version?: string;
  readonly status?: string;
  /** Default: the batch keeps what it read. */
  readonly keeps?: boolean;
}

/** What a batch of the run has read: a hash for each key. */
async function read(
  { range, keys, version = "one", status = "done", keeps = true }: Batch,
  rows: Readonly<Record<number, number>>,
): Promise<void> {
  const [after = null, to = null] = range ?? [];
  const made = await target.query<{ id: number }>(
    `insert into migration.batches (run_id, entity, seq, after_key, to_key, keys, expected, status)
     select $1, 'practices', count(*) + 1, $2::bigint, $3::bigint, $4::integer[], 0, $5 from migration.batches where run_id = $1 returning id`,
    [run, after, to, keys, status],
  );
  for (const { id } of keeps ? made.rows : [])
    await keepFingerprints(
      target,
      { ...BATCH, id, runId: run, after, to, keys: keys ?? null },
      version,
      new Map(Object.entries(rows).map(([key, hash]) => [Number(key), hash])),
    );
}

const BATCH = { entity: "practices", generation: 1, attempts: 1, breaks: 0 } as const;

async function nextRun(): Promise<void> {
  await target.query(`update migration.runs set status = 'completed' where id = $1`, [run]);
  run = await runningRun(target, ["practices"]);
}

/** Each range with what is known of it. */
async function known(version = "one"): Promise<Record<string, unknown>> {
  await inTransaction(target, (tx) => mergeFingerprints(tx, run, PRACTICES));
  const ranges = await knownRanges(target, "practices", version, START, 100);
  const rows = await knownRows(
    target,
    ranges.map(({ id }) => id),
  );
  for (const { id, rows: count, sum } of ranges) {
    const hashes = [...(rows.get(id) ?? new Map<number, string>()).values()].map(Number);
    expect([count, Number(sum)]).toEqual([hashes.length, hashes.reduce((a, b) => a + b, 0)]);
  }
  return Object.fromEntries(
    ranges.map(({ id, after, to }) => [`${after}-${to}`, Object.fromEntries(rows.get(id) ?? [])]),
  );
}

describe("what is known of an entity's source rows", () => {
  beforeEach(async () => {
    await read({ range: [0, 10] }, { 1: 11, 5: 15 });
    await read({ range: [10, 20] }, { 11: 21 });
    await nextRun();
  });

  it("is what ranges were when they were read last, whatever their ends", async () => {
    await read({ range: [0, 15] }, { 1: 12 });
    await nextRun();
    expect(await known()).toEqual({ "0-15": { 1: "12" } });
  });

  it("changes key by key: another row, a new one, and one that is gone", async () => {
    await read({ keys: [1, 5, 12] }, { 1: 99, 12: -3 });
    await nextRun();
    expect(await known()).toEqual({ "0-10": { 1: "99" }, "10-20": { 11: "21", 12: "-3" } });
    await read({ keys: [12] }, { 12: 4 });
    await nextRun();
    expect(await known(), "and again").toEqual({
      "0-10": { 1: "99" },
      "10-20": { 11: "21", 12: "4" },
    });
  });

  it("is forgotten where a batch failed to read it once more, or was rolled back", async () => {
    await read({ keys: [5], status: "failed" }, {});
    await read({ range: [10, 20], status: "rolled_back" }, { 11: 22 });
    await nextRun();
    expect(await known()).toEqual({ "10-20": { 11: "21" } });
  });

  it.for([
    { of: "a range", batch: { range: [0, 7] as const } },
    { of: "keys", batch: { keys: [5] } },
  ])("is forgotten where a batch of $of kept no fingerprints", async ({ batch }) => {
    await known();
    await read({ ...batch, keeps: false }, {});
    await nextRun();
    expect(await known()).toEqual({ "10-20": { 11: "21" } });
    await nextRun();
    await read({ range: [0, 10] }, { 1: 11 });
    await nextRun();
    expect(await known(), "until it is read again").toEqual({
      "0-10": { 1: "11" },
      "10-20": { 11: "21" },
    });
  });

  it("is forgotten of keys that were read under other circumstances", async () => {
    await read({ keys: [5], version: "two" }, { 5: 15 });
    await nextRun();
    expect(await known()).toEqual({ "0-10": { 1: "11" }, "10-20": { 11: "21" } });
    expect(await known("two")).toEqual({});
  });

  it("is forgotten of rows that were found gone, so that they are new when they come back", async () => {
    await known();
    await target.query(
      `insert into migration.gone_rows (entity, legacy_id, found_run, run_id) values ('practices', 5, $1, $1)`,
      [run],
    );
    await nextRun();
    expect(await known()).toEqual({ "0-10": { 1: "11" }, "10-20": { 11: "21" } });
  });

  it("is forgotten when the target's table is another one, as after a restore", async () => {
    expect(Object.keys(await known())).toHaveLength(2);
    await target.query(`truncate public.practices cascade`);
    await nextRun();
    expect(await known()).toEqual({});
  });

  it("does not hold when the target lacks rows", async () => {
    await known();
    expect(await lacksKnownRows(target, "practices", PRACTICES.target)).toBe(true);
    await target.query(
      `insert into public.practices (legacy_id, name) values (1, 'a'), (5, 'b'), (11, 'c')`,
    );
    expect(await lacksKnownRows(target, "practices", PRACTICES.target)).toBe(false);
  });

  it("does not hold either where other rows are as many: those that the source has lost, and those that it refused", async () => {
    await known();
    await target.query(
      `insert into public.practices (legacy_id, name) values (1, 'a'), (5, 'b'), (12, 'gone')`,
    );
    expect(await lacksKnownRows(target, "practices", PRACTICES.target)).toBe(false);
    await target.query(
      `insert into migration.gone_rows (entity, legacy_id, found_run, run_id) values ('practices', 12, $1, $1)`,
      [run],
    );
    expect(await lacksKnownRows(target, "practices", PRACTICES.target)).toBe(true);
    const reject = (key: number): Promise<unknown> =>
      target.query(
        `insert into migration.exceptions (run_id, entity, batch_id, legacy_id, outcome, reason)
         select run_id, entity, id, $1, 'rejected', 'check_violated' from migration.batches limit 1`,
        [key],
      );
    await reject(13);
    expect(await lacksKnownRows(target, "practices", PRACTICES.target)).toBe(true);
    await reject(11);
    expect(await lacksKnownRows(target, "practices", PRACTICES.target)).toBe(false);
  });
});
