/** A run that goes on beside a verification: what it has loaded meanwhile is no difference, and hides none. */
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Journey, openJourney } from "../journey.ts";
import { addIsland, ISLAND } from "./island.ts";
import { verifyOnce } from "./verify-once.ts";

/** Rows that come to the source while it is verified. */
const NEW = ISLAND + 50;

/** Beside the island's rows: a user, a patient of his, and a project that names the patient. */
const COMES = [
  copyOfIsland("auth_user", { id: NEW, username: "late" }),
  copyOfIsland("dispatch_patient", { id: NEW, user_id: NEW }),
  copyOfIsland("dispatch_instruction", { id: NEW, patient_id: NEW }),
  copyOfIsland("dispatch_project", { id: NEW, uid: "9a3c5d5e-0000-4000-8000-000000000002" }),
  copyOfIsland("dispatch_plan", { id: NEW, project_id: NEW, instruction_id: NEW }),
].join(";\n");

/** The island's patient moves to another office, and his case with him. */
const MOVES = [
  copyOfIsland("dispatch_office", { id: NEW, name: "Other island" }),
  `update dispatch_patient set office_id = ${NEW} where id = ${ISLAND}`,
].join(";\n");

function copyOfIsland(table: string, fields: Readonly<Record<string, unknown>>): string {
  return `insert into ${table} select (jsonb_populate_record(x, '${JSON.stringify(fields)}')).* from ${table} x where id = ${ISLAND}`;
}

describe.each(stacks())("a run beside a verification, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.01, shape: "real", seed: 1 } });
    await addIsland(journey.legacy, "real");
    await journey.completed(await journey.begin());
  }, 120_000);
  afterAll(() => journey?.close());

  /** Verifies all, with a run of what the source was given just before the first rows of that entity are compared. */
  async function verifyBeside(given: string, entity: string): Promise<readonly string[]> {
    let isOver = false;
    const { differences } = await verifyOnce(journey, async (name) => {
      if (isOver || name !== entity) return;
      isOver = true;
      await journey.legacy.query(given);
      await journey.completed(await journey.begin());
    });
    expect(isOver).toBe(true);
    return differences;
  }

  it.each([
    ["rows with new parents", COMES],
    ["rows whose parents moved", MOVES],
  ])(
    "makes no difference of %s",
    async (_, given) => {
      expect(await verifyBeside(given, "cases")).toEqual([]);
    },
    120_000,
  );

  it("hides no difference of a row that it has read", async () => {
    await journey.target.query(`create function public.spoil() returns trigger language plpgsql as
      $$ begin new.patient_id := null; return new; end $$;
      create trigger spoil before insert or update on public.cases for each row when (new.legacy_project_id = ${ISLAND}) execute function public.spoil()`);
    const renamed = `update dispatch_project set name = 'Renamed' where id = ${ISLAND}`;
    expect(await verifyBeside(renamed, "cases")).toEqual([
      `cases ${ISLAND} patient_id swapped_link`,
    ]);
  }, 120_000);
});
