/** Rows whose parent is late are parked, and released when it arrives: by the people's tools, without restarting anything. */
import { pauseRun, requeue, resumeRun, type Scope } from "@nexus/api/control";
import { entities, inDependencyOrder } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { eventually, type RunningStack, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Journey, openJourney } from "./journey.ts";
import { exceptionsOf, expectSumsToClose, keys } from "./outcomes.ts";
import { snapshot } from "./snapshot.ts";

const defaults = { codes: "{}", embeddings: false, dify: false };
const by = { actor: "test", reason: "the constraint is gone" };
const OPEN = `select legacy_id from migration.exceptions e where resolved_at is null`;
/** Users of patients that have cases, so that a whole line of descendants waits for each of them. */
const CHOSEN = `select p.user_id from dispatch_patient p join dispatch_instruction i on i.patient_id = p.id
  join dispatch_plan l on l.instruction_id = i.id group by 1 order by 1 limit 4`;

describe.each(stacks())("parked rows, on $name", (stack) => {
  describe("while the run goes on", () => {
    let journey: Journey;
    let runId: number;

    beforeAll(async () => {
      journey = await openJourney(stack, {
        sample: { scale: 0.02 },
        env: { BATCH_ROWS: "60" },
        prepare: forbid,
      });
      await journey.target.query(
        `alter table workflow_templates rename column steps to steps_elsewhere`,
      );
      runId = await journey.begin();
      await eventually(() => statusOf(journey, runId, "projects"), {
        until: (status) => status === "complete",
        within: 60_000,
      });
      await eventually(() => statusOf(journey, runId, "workflow_templates"), {
        until: (status) => status === "blocked",
        within: 60_000,
      });
    });
    afterAll(() => journey?.close());

    it("wait, down to their grandchildren", async () => {
      expect(
        (await exceptionsOf(journey, runId, "profiles"))["rejected check_violated"],
      ).toHaveLength(4);
      const waiting = {
        patients: "parked profiles_not_in_target",
        cases: "parked patients_not_in_target",
        projects: "parked cases_not_in_target",
      };
      for (const [entity, reason] of Object.entries(waiting))
        expect(
          (await exceptionsOf(journey, runId, entity))[reason]?.length,
          entity,
        ).toBeGreaterThan(0);
    });

    it("stay while their parent is still refused", async () => {
      const before = await keys(journey.target, OPEN);
      expect(await again(journey, "profiles", "rejected")).toMatchObject({
        kind: "requeued",
        runId,
      });
      await eventually(() => statusOf(journey, runId, "profiles"), {
        until: (status) => status === "complete",
      });
      expect(await keys(journey.target, OPEN)).toEqual(before);
    });

    it("are released as soon as it is loaded", async () => {
      await journey.target.query(`alter table profiles drop constraint allowed`);
      expect(await again(journey, "profiles", "rejected")).toMatchObject({
        kind: "requeued",
        runId,
      });
      const stillOpen = `${OPEN} and (reason like '%_not_in_target' or reason = 'check_violated')`;
      await eventually(() => keys(journey.target, stillOpen), {
        until: (open) => open.length === 0,
        within: 60_000,
      });
    });

    it("leave a run that can be completed, with every sum closed and no process started anew", async () => {
      await journey.target.query(
        `alter table workflow_templates rename column steps_elsewhere to steps`,
      );
      expect(await again(journey, "workflow_templates", "failed")).toMatchObject({
        kind: "requeued",
        runId,
      });
      const progress = await journey.completed(runId);
      expectSumsToClose(progress);
      expect(progress.map(({ parked }) => parked)).toEqual(progress.map(() => 0));
      expect(journey.services).toHaveLength(2);
      for (const { pid } of journey.services) expect(process.kill(pid, 0)).toBe(true);
      const all = await keys(journey.legacy, `select id from dispatch_project`);
      const cases = [...((await snapshot(journey.target)).get("cases")?.keys() ?? [])];
      expect(cases.sort((a, b) => a - b)).toEqual(all);
    });
  });

  describe("when nothing else keeps the run going", () => {
    it("are released by the settling of their parent, before the run is completed", async () => {
      const rarely = { BATCH_ROWS: "60", CARE_MS: "60000" };
      const journey = await openJourney(stack, {
        sample: { scale: 0.02 },
        env: rarely,
        prepare: forbid,
      });
      try {
        await journey.target.query(
          `alter table workflow_templates rename column steps to steps_elsewhere`,
        );
        const runId = await journey.begin();
        const blocked = { until: (status?: string) => status === "blocked", within: 60_000 };
        await eventually(() => statusOf(journey, runId, "workflow_templates"), blocked);
        const complete = { until: (status?: string) => status === "complete", within: 60_000 };
        await eventually(() => statusOf(journey, runId, "projects"), complete);
        await journey.target.query(`alter table profiles drop constraint allowed`);
        await journey.target.query(
          `alter table workflow_templates rename column steps_elsewhere to steps`,
        );
        await pauseRun(journey.target, runId, by);
        await again(journey, "profiles", "rejected");
        await again(journey, "workflow_templates", "failed");
        await resumeRun(journey.target, runId, by);
        const progress = await journey.completed(runId);
        expectSumsToClose(progress);
        expect(progress.map(({ parked }) => parked)).toEqual(progress.map(() => 0));
      } finally {
        await journey.close();
      }
    });
  });

  describe("after the run", () => {
    let journey: Journey;
    let first: number;
    let gone: number;

    beforeAll(async () => {
      journey = await openJourney(stack, { sample: { scale: 0.02 }, prepare: forbid });
      [gone = 0] = await keys(journey.legacy, ADD_ONE_MORE);
      first = await journey.begin();
      expectSumsToClose(await journey.completed(first));
      await journey.target.query(`alter table profiles drop constraint allowed`);
      await journey.legacy.query(`delete from auth_user where id = ${gone}`);
    });
    afterAll(() => journey?.close());

    it("a requeue of the parent is a run of its own, which leaves the children waiting", async () => {
      const waiting = await exceptionsOf(journey, first, "patients");
      const repair = await again(journey, "profiles", "rejected");
      expect(repair).toMatchObject({ kind: "repair_started", batches: 1 });
      if (repair.kind !== "repair_started") return;
      const [profiles] = await journey.completed(repair.runId);
      expect(profiles).toMatchObject({ read: 4, loaded: 4, inserted: 4, rejected: 0 });
      expect(await exceptionsOf(journey, first, "profiles")).toEqual({});
      expect(await exceptionsOf(journey, first, "patients")).toEqual(waiting);
    });

    it("a requeue of the children loads them, and nothing else", async () => {
      const { "parked profiles_not_in_target": waiting = [] } = await exceptionsOf(
        journey,
        first,
        "patients",
      );
      const repair = await again(journey, "patients", "parked");
      if (repair.kind !== "repair_started") throw new Error(repair.kind);
      const [patients] = await journey.completed(repair.runId);
      expect(patients).toMatchObject({ read: waiting.length, inserted: waiting.length, parked: 0 });
      expect(await exceptionsOf(journey, first, "patients")).toEqual({});
    });

    it("the next run loads the rest and resolves every older exception", async () => {
      const progress = await journey.completed(await journey.begin());
      expectSumsToClose(progress);
      const inserted = progress.filter((entity) => entity.inserted > 0).map(({ entity }) => entity);
      expect(inserted).toEqual(expect.arrayContaining(["cases", "projects"]));
      expect(inserted).not.toContain("profiles");
      expect(await keys(journey.target, `${OPEN} and run_id = ${first}`)).toEqual([]);
    });

    it("an exception does not outlive its row in the source, be it the last of the table", async () => {
      const one = `select resolved_at is not null as resolved from migration.exceptions where entity = 'profiles' and legacy_id = ${gone}`;
      expect((await journey.target.query(one)).rows).toEqual([{ resolved: true }]);
    });
  });

  describe("whose source has lost its last refused rows", () => {
    it("are resolved by the next run over the table", async () => {
      const journey = await openJourney(stack, { sample: { scale: 0.002 }, prepare: forbid });
      try {
        const [last = 0] = await keys(journey.legacy, ADD_ONE_MORE);
        const first = await journey.begin({ only: ["practices", "profiles"] });
        await journey.completed(first);
        expect(
          (await exceptionsOf(journey, first, "profiles"))["rejected check_violated"],
        ).toContain(last);
        await journey.legacy.query(`delete from auth_user where id = ${last}`);
        await journey.completed(await journey.begin({ only: ["profiles"] }));
        expect(await exceptionsOf(journey, first, "profiles")).toEqual({});
      } finally {
        await journey.close();
      }
    });
  });
});

/** A user whom the target refuses, with the highest id of all, and no children. */
const ADD_ONE_MORE = `insert into auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  values ('!', false, 'one more', 'Forbidden', '', '', false, true, now()) returning id`;

function again({ target }: Journey, entity: string, scope: Scope): ReturnType<typeof requeue> {
  const names = inDependencyOrder(entities).map(({ name }) => name);
  return requeue(target, entity, { scope }, defaults, by, names);
}

async function statusOf(
  { target }: Journey,
  runId: number,
  entity: string,
): Promise<string | undefined> {
  const { rows } = await target.query<{ status: string }>(
    `select status from migration.run_entities where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return rows[0]?.status;
}

/** A rule of the target that four patients' users break. */
async function forbid({
  legacyUrl,
  targetUrl,
}: RunningStack): Promise<Readonly<Record<string, string>>> {
  await withPool({ url: legacyUrl, max: 1, name: "nexus-test" }, (legacy) =>
    legacy.query(`update auth_user set first_name = 'Forbidden' where id in (${CHOSEN})`),
  );
  await withPool({ url: targetUrl, max: 1, name: "nexus-test" }, (target) =>
    target.query(`alter table profiles add constraint allowed check (first_name <> 'Forbidden')`),
  );
  return {};
}
