/** What is skipped is really left alone, and its children are not lost. */
import { counts } from "@nexus/local/sample";
import type { EntityProgress } from "@nexus/shared/ledger";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { exceptionsOf, expectSumsToClose } from "./outcomes.ts";
import { differences, snapshot } from "./snapshot.ts";

const SCALE = 0.01;

describe.each(mostReal(stacks([embedded])))("skipping, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: SCALE },
      brokenByHand: ["loaded_is_there", "every_key_has_an_outcome"],
    });
  });
  afterAll(() => journey?.close());

  // In this order on one target: each skipped entity is still missing when it is skipped.
  it.each([
    { skipped: "patients", rows: counts(SCALE).patients, child: "cases", parked: "some" },
    { skipped: "cases", rows: counts(SCALE).projects, child: "case_states", parked: "every" },
    { skipped: "projects", rows: counts(SCALE).projects, child: null, parked: "none" },
  ])(
    "$skipped on an empty target reads and writes none of them",
    async ({ skipped, rows, child, parked }) => {
      await journey.target.query(
        `truncate practices, profiles, patients, cases, projects, practice_members, case_states, workflow_templates cascade`,
      );
      const runId = await journey.begin({ skip: [skipped] });
      const progress = await journey.completed(runId);
      expectSumsToClose(progress);
      expect(entityOf(progress, skipped)).toMatchObject({
        status: "skipped",
        excluded: rows,
        expected: rows,
        batches: 0,
        read: 0,
        loaded: 0,
        rejected: 0,
        parked: 0,
      });
      expect((await snapshot(journey.target)).get(skipped)?.size).toBe(0);
      if (child === null) return;
      const waiting =
        (await exceptionsOf(journey, runId, child))[`parked ${skipped}_not_in_target`] ?? [];
      const { read, loaded, rejected } = entityOf(progress, child);
      expect(waiting).toHaveLength(read - loaded - rejected);
      expect(waiting.length).toBeGreaterThan(0);
      if (parked === "every") expect(loaded).toBe(0);
      else expect(loaded, "children without such a parent are loaded").toBeGreaterThan(0);
    },
  );

  it("is made up for by a run of everything, which resolves what waited", async () => {
    const progress = await journey.completed(await journey.begin());
    expectSumsToClose(progress);
    expect(progress.map(({ parked }) => parked)).toEqual(progress.map(() => 0));
    const { rows } = await journey.target.query(
      `select from migration.exceptions where outcome = 'parked' and resolved_at is null`,
    );
    expect(rows).toEqual([]);
  });

  it("a parent that is in the target already costs its children nothing", async () => {
    await journey.legacy.query(`update dispatch_project set name = 'renamed' where id % 7 = 0`);
    const before = await snapshot(journey.target);
    const progress = await journey.completed(await journey.begin({ skip: ["cases"] }));
    const after = await snapshot(journey.target);
    expect(differences(before, after, "cases")).toMatchObject({ inserted: [], rewritten: [] });
    expect(differences(before, after, "projects").rewritten.length).toBeGreaterThan(0);
    expect(entityOf(progress, "projects")).toMatchObject({ parked: 0, inserted: 0 });
  });

  it("embeddings offers nothing to the embedder", async () => {
    const { rows } = await journey.target.query(`select from migration.content_events`);
    expect(rows, "none of these runs asked for embeddings").toEqual([]);
    await journey.legacy.query(
      `update dispatch_project set name = 'renamed again' where id % 7 = 0`,
    );
    await journey.completed(await journey.begin({ only: ["cases"], embeddings: true }));
    const asked = await journey.target.query(`select from migration.content_events`);
    expect(asked.rows.length).toBeGreaterThan(0);
  });

  it("one entity alone can be run", async () => {
    await journey.legacy.query(`update dispatch_project set name = 'and again' where id % 7 = 0`);
    const before = await snapshot(journey.target);
    const progress = await journey.completed(await journey.begin({ only: ["cases"] }));
    expect(progress.map(({ entity }) => entity)).toEqual(["cases"]);
    const { updated, parked, rejected } = entityOf(progress, "cases");
    const after = await snapshot(journey.target);
    expect({ parked, rejected, updated }).toEqual({
      parked: 0,
      rejected: 0,
      updated: differences(before, after, "cases").rewritten.length,
    });
    expect(updated).toBeGreaterThan(0);
  });
});

function entityOf(progress: readonly EntityProgress[], entity: string): EntityProgress {
  const found = progress.find((one) => one.entity === entity);
  if (found === undefined) throw new Error(`no progress of ${entity}`);
  return found;
}
