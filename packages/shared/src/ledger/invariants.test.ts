import { entities } from "@nexus/catalog";
import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { freshTarget } from "../testing/fresh-target.ts";
import { seedRun } from "../testing/seed-run.ts";
import { brokenInvariants } from "./invariants.ts";

let target: Pool;

/** A run that completed: practices 1 and 2 were loaded, 3 was rejected. */
beforeEach(async (context) => {
  target = await freshTarget(context);
  const practices = { status: "complete", batches: [{ status: "done", rejected: [3] }] } as const;
  const patients = { status: "complete", batches: [{ status: "done", parked: [5] }] } as const;
  await seedRun(target, { status: "completed", entities: { practices, patients } });
  await target.query(
    `update migration.batches set read = 3, loaded = 2 where entity = 'practices';
     update migration.run_entities set cursor_key = 10;
     update migration.batches set read = 1, loaded = 0 where entity = 'patients';
     insert into public.practices (legacy_id, name) values (1, 'a'), (2, 'b')`,
  );
});

describe("the invariants", () => {
  it("hold of a run that is whole", async () => {
    expect(await brokenInvariants(target, entities)).toEqual([]);
  });

  it.each([
    ["one_outcome", "update migration.batches set read = 4 where entity = 'practices'"],
    ["one_outcome", "delete from migration.exceptions where entity = 'practices'"],
    [
      "complete_is_complete",
      "update migration.batches set status = 'failed' where entity = 'practices'",
    ],
    [
      "completed_is_settled",
      "update migration.run_entities set status = 'loading' where entity = 'practices'",
    ],
    [
      "closed_run_is_closed",
      "update migration.batches set status = 'planned' where entity = 'practices'",
    ],
    [
      "checks_passed",
      "insert into migration.validations values (1, 'practices', 'a_check', false, 0, 1)",
    ],
    [
      "failed_can_be_requeued",
      "update migration.batches set status = 'failed' where entity = 'practices'",
    ],
    [
      "a_run_moves",
      "update migration.runs set status = 'running', started_at = now() - interval '1 hour', finished_at = null",
    ],
    [
      "target_sum_closes",
      "update migration.run_entities set keyed_before = 1, target_rows = 2 where entity = 'practices'",
    ],
    ["loaded_is_there", "delete from public.practices where legacy_id = 2"],
    [
      "parked_for_a_reason",
      "insert into public.practices (legacy_id, name) values (1005, 'c'), (1006, 'd')",
    ],
    [
      "practice_of_its_case",
      `insert into public.cases (legacy_project_id, case_number, practice_id) select 1, 'x', id from public.practices where legacy_id = 1;
       insert into public.projects (legacy_id, case_id) select 1, id from public.cases`,
    ],
  ])("tell when %s is broken: %s", async (name, sql) => {
    await target.query(sql);
    const broken = await brokenInvariants(target, entities);
    expect(broken.map((one) => one.name)).toContain(name);
  });
});
