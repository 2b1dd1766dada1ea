/** Whatever is done to runs in whatever order: no row that was tried and is not in the target is out of reach of a requeue. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  activeRun,
  beginSettling,
  completeRun,
  countAttempt,
  failBatch,
  markBlocked,
  markComplete,
  markQueued,
  markRunBegun,
  openEntity,
  planCursor,
  type PlannedBatch,
  recordPlan,
  snoozeBatch,
  startRun,
} from "@nexus/shared/ledger";
import { dice, type Dice, freshLedger } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { cancelRun, waive } from "./control.ts";
import { requeue } from "./requeue.ts";
import type { Scope } from "./selection.ts";
import { bring, type Fate, rangesOf } from "./fates.fixture.ts";

const catalog = ["practices", "patients"];
const defaults = { codes: "{}", embeddings: false, dify: false };
const by = { actor: "tester", reason: "a test" };
/** One lies beyond integer: no such row can be loaded, but it can be refused. */
const KEYS = [1, 2, 3, 4, 5, 6, 7, 8, 3_000_000_000];

let target: Pool;
let fates: Map<number, Fate>;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
  fates = new Map();
});

describe("a row that was tried", () => {
  it("is found when its batch failed, was waived, and other rows were repaired since", async () => {
    await begin({ upTo: () => 3 });
    await work((keys) => (keys.includes(1) ? "failed" : "rejected"));
    await settle();
    await waive(target, "patients", by, catalog);
    await settle();
    expect(await ask("rejected")).toMatchObject({ kind: "repair_started" });
    await finish();
    expect(await ask("failed")).toMatchObject({ kind: "repair_started", batches: 1 });
    await finish();
    expect(missing()).toEqual([]);
  });

  it("is found although it was to be tried again in a run that was cancelled", async () => {
    await begin({ upTo: () => 3 });
    await work(() => "failed");
    await ask("failed");
    await cancelActive();
    expect(await ask("failed")).toMatchObject({ kind: "repair_started", batches: 3 });
  });

  it("is found while another repair is active, and tried by it", async () => {
    await begin({ upTo: () => 3 });
    await work((keys) => (keys.includes(1) ? "failed" : "rejected"));
    await settle();
    await waive(target, "patients", by, catalog);
    await settle();
    await ask("rejected");
    expect(await ask("failed")).toMatchObject({ kind: "requeued", batches: 1 });
    await finish();
    expect(missing()).toEqual([]);
  });

  it("is not looked for when a later run has read the source to its end before it", async () => {
    await begin({ upTo: () => 3 });
    await work((keys) => (keys.includes(8) ? "failed" : "loaded"));
    await settle();
    await waive(target, "patients", by, catalog);
    await settle();
    await begin({ upTo: () => 3 }, { last: 7 });
    await finish({ last: 7 });
    expect(await ask("failed")).toEqual({ kind: "nothing_to_requeue" });
  });

  it.each([1, 11, 21, 31])("is in reach after anything (seeds from %i)", async (first) => {
    for (let seed = first; seed < first + 10; seed++) {
      await target.query("truncate migration.runs cascade");
      fates.clear();
      await afterAnything(dice(seed), `seed ${seed}`);
    }
  });
});

async function afterAnything(thrown: Dice, named: string): Promise<void> {
  const did: string[] = [named];
  for (let turn = 0; turn < 30; turn++) did.push(await anything(thrown));
  await finish();
  for (const scope of ["failed", "rejected", "parked"] as const) {
    await ask(scope);
    await finish();
  }
  expect(missing(), did.join(", ")).toEqual([]);
  for (const scope of ["failed", "rejected", "parked"] as const)
    expect(await ask(scope), did.join(", ")).toEqual({ kind: "nothing_to_requeue" });
  await ask("all");
  await finish();
  expect(KEYS.filter((key) => fates.get(key) !== "loaded")).toEqual([]);
}

/** Keys that were tried and are not in the target. */
function missing(): number[] {
  return [...fates].filter(([, fate]) => fate !== "loaded").map(([key]) => key);
}

async function anything(thrown: Dice): Promise<string> {
  const scopes: readonly [Scope, ...Scope[]] = ["failed", "rejected", "parked", "all"];
  const fate = (): Fate | "back" =>
    thrown.oneOf<Fate | "back">([
      "loaded",
      "loaded",
      "rejected",
      "parked",
      "failed",
      "failed",
      "back",
    ]);
  const scope = thrown.oneOf(scopes);
  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    begin: () => begin(thrown),
    skip: () => begin(thrown, { skip: true }),
    plan: () => plan(thrown),
    work: () => work(fate, thrown.upTo(3)),
    "work on": () => work(fate, thrown.upTo(3)),
    settle,
    "settle on": settle,
    waive: () => waive(target, "patients", by, catalog),
    cancel: cancelActive,
    [`requeue ${scope}`]: () => ask(scope),
  };
  const [first = "", ...others] = Object.keys(acts);
  const act = thrown.oneOf([first, ...others]);
  await acts[act]?.();
  return act;
}

interface Source {
  readonly skip?: boolean;
  /** The last key that the source holds. */
  readonly last?: number;
}

async function begin(
  thrown: Pick<Dice, "upTo">,
  { skip = false, ...source }: Source = {},
): Promise<void> {
  const order = {
    embeddings: false,
    codes: "{}",
    ...(skip ? { skip: ["patients"] } : { entities: ["patients"] }),
  };
  await startRun(target, order, by, catalog);
  await plan(thrown, source);
}

/** Cuts the keys that are not planned yet into ranges of a few. */
async function plan(thrown: Pick<Dice, "upTo">, { last = Infinity }: Source = {}): Promise<void> {
  const run = await activeRun(target);
  if (run === undefined) return;
  await markRunBegun(target, run.id);
  for (const entity of catalog) {
    const cursor = await planCursor(target, run.id, entity);
    if (cursor === undefined) continue;
    const size = thrown.upTo(4);
    const keys =
      entity === "patients" ? KEYS.filter((key) => key > Number(cursor.cursor) && key <= last) : [];
    const ranges = rangesOf(keys, cursor.cursor, size);
    await inTransaction(target, (tx) => recordPlan(tx, run.id, entity, cursor, ranges, true));
  }
}

/** A loader: takes batches and does with each what `fateOf` says. */
async function work(fateOf: (keys: readonly number[]) => Fate | "back", most = 100): Promise<void> {
  const run = await activeRun(target);
  if (run === undefined) return;
  await markRunBegun(target, run.id);
  await openEntity(target, run.id, "patients", []);
  const page = await inTransaction(target, (tx) => markQueued(tx, run.id, "patients", most));
  for (const planned of page) await workOn(planned, fateOf);
}

async function workOn(
  { id, generation }: PlannedBatch,
  fateOf: (keys: readonly number[]) => Fate | "back",
): Promise<void> {
  const batch = await countAttempt(target, id, generation);
  if (batch === undefined) return;
  const { after, to, keys: own } = batch;
  const keys = KEYS.filter(
    (key) => own?.includes(key) ?? (key > Number(after) && key <= Number(to)),
  );
  const fate = fateOf(keys);
  if (fate === "failed") {
    await failBatch(target, id, generation, "defect");
    for (const key of keys) if (fates.get(key) !== "loaded") fates.set(key, "failed");
    return;
  }
  if (fate === "back")
    return await snoozeBatch(target, id, generation, { delayMs: 0, errorCode: "57P01" });
  await bring(target, batch, keys, fate);
  for (const key of keys) fates.set(key, fate);
}

async function settle(): Promise<void> {
  const run = await activeRun(target);
  if (run === undefined) return;
  await markRunBegun(target, run.id);
  for (const entity of catalog) {
    await openEntity(target, run.id, entity, []);
    if (!(await beginSettling(target, run.id, entity))) continue;
    const failed = await target.query(
      `select from migration.batches where run_id = $1 and entity = $2 and status = 'failed'`,
      [run.id, entity],
    );
    if (failed.rowCount === 0) await markComplete(target, run.id, entity);
    else await markBlocked(target, run.id, entity, null);
  }
  await completeRun(target, run.id);
}

async function cancelActive(): Promise<void> {
  const run = await activeRun(target);
  if (run !== undefined) await cancelRun(target, run.id, by);
}

/** Ends the active run: whatever is open is loaded, and what failed is waived. */
async function finish(source: Source = {}): Promise<void> {
  await plan({ upTo: () => 4 }, source);
  await target.query(`update migration.batches set status = 'planned' where status = 'queued'`);
  await work(() => "loaded");
  await settle();
  await waive(target, "patients", by, catalog);
  await settle();
  expect(await activeRun(target)).toBeUndefined();
}

function ask(scope: Scope) {
  return requeue(target, "patients", { scope }, defaults, by, catalog);
}
