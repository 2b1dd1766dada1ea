/**
 * A verification finds every defect that is planted in a loaded target, its vectors and its documents, with its kind, row and column, and nothing else. In the
 * long form (`npm run proof`) more than a thousand of them at the scale of the report.
 */
import type { Pool } from "@nexus/shared/database";
import { needsVectors, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differencesOf } from "../forecast-and-run.ts";
import { type Journey, openJourney } from "../journey.ts";
import { CELLS } from "./cells.ts";
import { DOCUMENTS } from "./documents.ts";
import { plant } from "./plant.ts";
import { ROWS } from "./rows.ts";
import { embedSome, lengthenNotes, VECTORS } from "./vectors.ts";

const SCALE = Number(process.env["PROOF_SCALE"] ?? "0.02");

/** Of each of nine kinds, and of each of four kinds of vectors and four of documents. */
const COUNT = SCALE < 1 ? 12 : 112;

const SEED = 7;

/** What is not loaded of a source: states without a case, doubled pairs, patients of an office beyond our keys. */
async function makeUnloadable(legacy: Pool): Promise<void> {
  await legacy.query(`
    set constraints all immediate;
    insert into dispatch_state (status, "on", changed_at, instruction_id)
      select 11, true, now(), i.id from dispatch_instruction i cross join generate_series(1, 150)
      where i.id = (select max(n.id) from dispatch_instruction n where not exists (select from dispatch_plan p where p.instruction_id = n.id));
    alter table dispatch_office_doctors drop constraint dispatch_office_doctors_office_id_user_id_532b7817_uniq;
    insert into dispatch_office_doctors (office_id, user_id)
      select office_id, user_id from (select office_id, user_id from dispatch_office_doctors order by id limit 3) d cross join generate_series(1, 40);
    alter table dispatch_patient drop constraint if exists dispatch_patient_office_id_fk;
    alter table dispatch_office alter id type bigint;
    alter table dispatch_patient alter office_id type bigint;
    insert into dispatch_office select (jsonb_populate_record(o, '{"id": 3000000000}')).* from dispatch_office o order by id limit 1;
    update dispatch_patient p set office_id = 3000000000
      where p.id in (select x.id from dispatch_patient x where not exists (select from dispatch_instruction i where i.patient_id = x.id) order by x.id limit 120)`);
}

describe.each(stacks())("defects, on $name", (stack) => {
  let journey: Journey;
  /** Rows that were offered to an embedder: what is done to them would be seen in their vectors, too. */
  let embedded: ReadonlySet<string> = new Set();
  let planted: readonly string[] = [];

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: SCALE, seed: SEED },
      loaders: 2,
      run: { lossPercent: 100 },
    });
    await makeUnloadable(journey.legacy);
    await lengthenNotes(journey.legacy, 2 * COUNT);
    await journey.completed(await journey.begin(), 600_000);
  });
  afterAll(() => journey?.close());

  it("are none where nobody has planted any", async () => {
    expect((await differencesOf(journey)).slice(0, 40)).toEqual([]);
  });

  it("are found in vectors and documents, each with its kind and its row, while other content is pending", async (context) => {
    needsVectors(context);
    embedded = await embedSome(journey, SEED, 3 * COUNT);
    expect((await differencesOf(journey)).slice(0, 40)).toEqual([]);
    const inVectors = await plant({ ...journey, seed: SEED, struck: new Set() }, VECTORS, COUNT);
    const inDocuments = await plant(
      { ...journey, seed: SEED, struck: new Set() },
      DOCUMENTS,
      COUNT,
    );
    expectCounts(inVectors, 4);
    expectCounts(inDocuments, 4);
    planted = [...inVectors, ...inDocuments].sort();
    await expectFound(journey, planted);
  });

  it("are found in rows, each with its kind, its row and its column, and nothing else", async () => {
    const inContent = planted.map((one) => one.split(" ", 2).join(" "));
    const field = { ...journey, seed: SEED, struck: new Set([...embedded, ...inContent]) };
    const inRows = await plant(field, [...ROWS, ...CELLS], COUNT);
    expectCounts(inRows, 9);
    await expectFound(journey, [...planted, ...inRows].sort());
  });
});

async function expectFound(journey: Journey, planted: readonly string[]): Promise<void> {
  const found = (await differencesOf(journey)).sort();
  expect({ missed: without(planted, found), besides: without(found, planted) }).toEqual({
    missed: [],
    besides: [],
  });
  expect(found).toEqual(planted);
}

function without(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return some.filter((one) => !known.has(one)).slice(0, 60);
}

/** So many kinds, and `COUNT` of each at least. */
function expectCounts(planted: readonly string[], kinds: number): void {
  const counts = new Map<string, number>();
  for (const one of planted) {
    const kind = one.split(" ").at(-1) ?? "";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  expect(counts.size).toBe(kinds);
  expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(COUNT);
}
