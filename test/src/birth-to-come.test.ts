/** A birth that lies in the future when it is read, and will not later: each delta reads its patient again, and no other. */
import { openClient } from "@nexus/contract";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { verify } from "./verify.ts";

describe.each(mostReal(stacks([embedded])))("a birth to come, on $name", (stack) => {
  let journey: Journey;
  let patient: number;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.01 }, env: { BATCH_ROWS: "20" } });
    const { rows } = await journey.legacy.query<{ id: number }>(
      "select id from dispatch_patient order by id offset 3 limit 3",
    );
    const [first, second, third] = rows.map(({ id }) => id);
    patient = first ?? 0;
    await journey.legacy.query(
      `update dispatch_patient set birthdate = case id
         when ${first} then current_date + 2 when ${second} then date '2090-01-01' else date '1850-01-01' end
       where id in (${first}, ${second}, ${third})`,
    );
    await journey.completed(await journey.begin());
  });
  afterAll(() => journey?.close());

  /** The keys of patients that a delta reads. */
  async function readByDelta(): Promise<readonly number[]> {
    const runId = await journey.begin({ mode: "delta" });
    await journey.completed(runId);
    const { rows } = await journey.target.query<{ key: number }>(
      `select unnest(keys) as key from migration.batches where run_id = $1 and entity = 'patients' order by 1`,
      [runId],
    );
    return rows.map(({ key }) => key);
  }

  /** As a day that passed would have left it. */
  async function whatItIs(): Promise<unknown> {
    const { rows } = await journey.target.query<{ birth: unknown }>(
      "select date_of_birth as birth from public.patients where legacy_id = $1",
      [patient],
    );
    return rows[0]?.birth;
  }

  it("is read again where nothing was written, and mended where it is not what it would be today", async () => {
    await journey.target.query(
      "update public.patients set date_of_birth = '1980-01-01' where legacy_id = $1",
      [patient],
    );
    expect(await readByDelta()).toEqual([patient]);
    expect(await whatItIs()).toBeNull();
  });

  it("is read again beside what was written, and then again", async () => {
    const last = await journey.legacy.query<{ id: number }>(
      "update dispatch_patient set suffix = 'Jr.' where id = (select max(id) from dispatch_patient) returning id",
    );
    expect(await readByDelta()).toEqual([patient, last.rows[0]?.id]);
    expect(await readByDelta()).toEqual([patient]);
  });

  it("makes no difference today", async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    const { entities } = await verify(openClient({ url }));
    expect(entities.map(({ differences }) => differences)).toEqual(entities.map(() => 0));
  });
});
