/** Dirt in the source costs the rows that are dirty, and no other. */
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { exceptionsOf, expectSumsToClose, keys, notesOf } from "./outcomes.ts";

/** Links that are optional in the target: the rows whose link dangles, and the target's column. */
const OPTIONAL = [
  {
    entity: "patients",
    column: "profile_id",
    dangling: `select id from dispatch_patient where user_id not in (select id from auth_user)`,
  },
  {
    entity: "patients",
    column: "practice_id",
    dangling: `select id from dispatch_patient where office_id not in (select id from dispatch_office)`,
  },
  {
    entity: "projects",
    column: "creator_id",
    dangling: `select id from dispatch_project where creator_id not in (select id from auth_user)`,
  },
  {
    entity: "case_states",
    column: "changed_by",
    dangling: `select id from dispatch_state where actor_id not in (select id from auth_user)`,
  },
  {
    entity: "cases",
    column: "patient_id",
    dangling: `select distinct on (l.project_id) l.project_id from dispatch_plan l join dispatch_instruction i on i.id = l.instruction_id
      join dispatch_project j on j.id = l.project_id
      where i.patient_id not in (select id from dispatch_patient) and not exists (
        select from dispatch_plan o join dispatch_instruction oi on oi.id = o.instruction_id where o.project_id = l.project_id
        and (o.original, not coalesce(oi.deleted, false), -o.id) > (l.original, not coalesce(i.deleted, false), -l.id))`,
  },
] as const;

/** Links that the target cannot do without. */
const REQUIRED = [
  {
    entity: "practice_members",
    reason: "rejected practice_id_dangling",
    dangling: `select id from dispatch_office_doctors where office_id not in (select id from dispatch_office)`,
  },
  {
    entity: "practice_members",
    reason: "rejected profile_id_dangling",
    dangling: `select id from dispatch_office_doctors d where user_id not in (select id from auth_user)
      and office_id in (select id from dispatch_office)`,
  },
  {
    entity: "case_states",
    reason: "rejected case_unresolved",
    dangling: `select s.id from dispatch_state s where not exists (select from dispatch_plan l where l.instruction_id = s.instruction_id
      and l.instruction_id = (select o.instruction_id from dispatch_plan o join dispatch_instruction i on i.id = o.instruction_id
        where o.project_id = l.project_id order by o.original desc, i.deleted is not true desc, o.id limit 1))`,
  },
] as const;

/** Links as pairs of legacy ids, on both sides. */
const LINKS = [
  {
    link: "a patient's user",
    source: `select p.id as child, u.id as parent from dispatch_patient p join auth_user u on u.id = p.user_id`,
    target: `select p.legacy_id as child, u.legacy_id as parent from patients p join profiles u on u.id = p.profile_id`,
  },
  {
    link: "a project's creator",
    source: `select j.id as child, u.id as parent from dispatch_project j join auth_user u on u.id = j.creator_id`,
    target: `select j.legacy_id as child, u.legacy_id as parent from projects j join profiles u on u.id = j.creator_id`,
  },
  {
    link: "a project's case",
    source: `select id as child, id as parent from dispatch_project`,
    target: `select j.legacy_id as child, c.legacy_project_id as parent from projects j join cases c on c.id = j.case_id`,
  },
  {
    link: "a member's practice",
    source: `select d.id as child, o.id as parent from dispatch_office_doctors d join dispatch_office o on o.id = d.office_id
      join auth_user u on u.id = d.user_id`,
    target: `select m.legacy_id as child, p.legacy_id as parent from practice_members m join practices p on p.id = m.practice_id`,
  },
] as const;

describe.each(mostReal(stacks([embedded])))("links that point nowhere, on $name", (stack) => {
  let journey: Journey;
  let runId: number;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.03, dirt: "dangling" } });
    runId = await journey.begin();
    expectSumsToClose(await journey.completed(runId));
  });
  afterAll(() => journey?.close());

  it.each(OPTIONAL)(
    "become empty in $column of $entity, with a note",
    async ({ entity, column, dangling }) => {
      const expected = await keys(journey.legacy, dangling);
      expect(expected.length).toBeGreaterThan(0);
      const exceptions = Object.values(await exceptionsOf(journey, runId, entity)).flat();
      const loaded = expected.filter((key) => !exceptions.includes(key));
      expect((await notesOf(journey, runId, entity))[`${column}_dangling ${column}`]).toEqual(
        loaded,
      );
      const key = entity === "cases" ? "legacy_project_id" : "legacy_id";
      const filled = `select ${key} from ${entity} where ${column} is not null and ${key} in (${loaded.join(",")})`;
      expect(await keys(journey.target, filled)).toEqual([]);
    },
  );

  it.each(REQUIRED)("cost their rows in $entity: $reason", async ({ entity, reason, dangling }) => {
    const expected = await keys(journey.legacy, dangling);
    expect(expected.length).toBeGreaterThan(0);
    expect((await exceptionsOf(journey, runId, entity))[reason]).toEqual(expected);
  });

  it("park nothing: what is not in the source will never arrive", async () => {
    const parked = await keys(
      journey.target,
      `select legacy_id from migration.exceptions where outcome = 'parked'`,
    );
    expect(parked).toEqual([]);
  });

  it.each(LINKS)(
    "are never filled: $link is the source's, row by row",
    async ({ source, target }) => {
      const expected = await journey.legacy.query(`${source} order by 1`);
      const found = await journey.target.query(`${target} order by 1`);
      expect(found.rows.length).toBeGreaterThan(0);
      expect(found.rows).toEqual(expected.rows);
    },
  );

  it("leave nothing to write in the next run", async () => {
    const again = await journey.completed(await journey.begin());
    expectSumsToClose(again);
    expect(again.filter(({ inserted, updated }) => inserted + updated > 0)).toEqual([]);
  });
});
