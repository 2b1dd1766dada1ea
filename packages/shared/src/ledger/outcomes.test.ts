import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { freshLedger } from "../testing/fresh-ledger.ts";
import { loadingEntity, runningRun } from "../testing/fresh-target.ts";
import {
  type Exception,
  forgetBatch,
  recordContentEvent,
  recordExceptions,
  recordNotes,
  resolveOlder,
} from "./outcomes.ts";

let target: Pool;
let batch: { id: number; runId: number; entity: string };

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
  batch = await newBatch();
});

/** The first of the two batches of a new run: (0, 10] and (10, 20]. */
async function newBatch(): Promise<typeof batch> {
  const runId = await runningRun(target, ["practices"]);
  const [id = 0] = await loadingEntity(target, runId, "practices", 2);
  return { id, runId, entity: "practices" };
}

function rejected(legacyId: number): Exception {
  return {
    legacyId,
    outcome: "rejected",
    reason: "unreadable",
    column: "name",
    missingEntity: null,
    missingId: null,
  };
}

function parked(legacyId: number, missingId: number): Exception {
  return {
    legacyId,
    outcome: "parked",
    reason: "profiles_not_in_target",
    column: null,
    missingEntity: "profiles",
    missingId,
  };
}

async function open(): Promise<number[]> {
  const { rows } = await target.query<{ id: number }>(
    "select legacy_id as id from migration.exceptions where resolved_at is null order by run_id, legacy_id",
  );
  return rows.map(({ id }) => id);
}

describe("what a batch says of its rows", () => {
  it("is kept: an exception each, a note for each code and column, one content event", async () => {
    await recordExceptions(target, batch, [rejected(3), parked(4, 99)]);
    await recordNotes(target, batch.id, [
      { code: "email_invalid", column: "email", legacyIds: [1, 2] },
      { code: "name_missing", column: "name", legacyIds: [2] },
    ]);
    const ids = ["00000000-0000-5000-8000-000000000001", "00000000-0000-5000-8000-000000000002"];
    await recordContentEvent(target, batch.id, { embeddings: true, dify: false }, "practice", ids);
    expect(await open()).toEqual([3, 4]);
    const { rows: notes } = await target.query(
      "select code, legacy_ids from migration.notes order by code",
    );
    expect(notes).toEqual([
      { code: "email_invalid", legacy_ids: [1, 2] },
      { code: "name_missing", legacy_ids: [2] },
    ]);
    const { rows: events } = await target.query("select target_ids from migration.content_events");
    expect(events).toEqual([{ target_ids: `{${ids.join(",")}}` }]);
  });

  it("is offered to those who read it in this run, and to nobody else", async () => {
    const ids = ["00000000-0000-5000-8000-000000000001"];
    for (const embeddings of [true, false])
      for (const dify of [true, false])
        await recordContentEvent(target, batch.id, { embeddings, dify }, "practice", ids);
    const { rows } = await target.query(
      "select done_at is null as embeddings, dify_open as dify from migration.content_events order by id",
    );
    expect(rows).toEqual([
      { embeddings: true, dify: true },
      { embeddings: true, dify: false },
      { embeddings: false, dify: true },
    ]);
  });

  it("is nothing where there is nothing to say", async () => {
    await recordExceptions(target, batch, []);
    await recordNotes(target, batch.id, []);
    await recordContentEvent(target, batch.id, { embeddings: true, dify: false }, "practice", []);
    const { rows } = await target.query(
      "select from migration.exceptions union all select from migration.notes union all select from migration.content_events",
    );
    expect(rows).toEqual([]);
  });

  it("is replaced by what its next generation says", async () => {
    await recordExceptions(target, batch, [rejected(3), parked(4, 99)]);
    const notes = [{ code: "email_invalid", column: "email", legacyIds: [1, 2] }];
    await recordNotes(target, batch.id, notes);
    await forgetBatch(target, batch.id);
    await recordExceptions(target, batch, [rejected(3)]);
    await recordNotes(target, batch.id, notes);
    expect(await open()).toEqual([3]);
  });
});

describe("an open exception of an earlier run", () => {
  it.each([
    ["the range (0, 10]", { after: 0, to: 10 }, [0, 11]],
    ["every key up to 5", { after: "-9223372036854775808", to: 5 }, [10, 11]],
    ["the keys 5 and 11", [5, 11], [0, 10]],
  ])("is resolved by a batch of %s over its key", async (_, keys, left) => {
    await recordExceptions(target, batch, [rejected(0), rejected(5), parked(10, 99), rejected(11)]);
    await target.query("update migration.runs set status = 'completed'");
    const later = await newBatch();
    await resolveOlder(target, later, keys);
    expect(await open()).toEqual(left);
  });

  it("is resolved when a later plan ends before its key: the row is gone from the source", async () => {
    await recordExceptions(target, batch, [rejected(20), rejected(21)]);
    await target.query("update migration.runs set status = 'completed'");
    await newBatch();
    expect(await open()).toEqual([20]);
  });

  it("is left to another entity's batch, and those of this run to their own", async () => {
    await recordExceptions(target, batch, [rejected(5)]);
    await resolveOlder(target, batch, { after: 0, to: 10 });
    await resolveOlder(target, { ...batch, runId: -1, entity: "profiles" }, { after: 0, to: 10 });
    expect(await open()).toEqual([5]);
  });
});
