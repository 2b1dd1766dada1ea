/** What is never deleted, or not without being asked for: too many rows, rows that others refer to or put there, rows of a source that shows nothing. */
import { entities } from "@nexus/catalog";
import { type Client, openClient } from "@nexus/contract";
import { eventually, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "../api-here.ts";
import { type Journey, openJourney } from "../journey.ts";
import { beginBelieving, counted, goneRows, leave, policyOf } from "./gone-stack.ts";

describe.each(stacks())("the limits of delete, on $name", (stack) => {
  let journey: Journey;
  let api: Client;

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: 0.02 },
      env: { GONE_POLICY: policyOf("delete") },
      brokenByHand: ["loaded_is_there"],
    });
    await journey.completed(await journey.begin());
  });
  afterAll(() => journey?.close());

  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    api = openClient({ url });
  });

  async function statusOf(entity: string): Promise<string> {
    const { entities: all } = await api.call("GET /v1/progress", {});
    const one = all.find((of) => of.entity === entity);
    return `${one?.status} ${one?.errorCode ?? ""}`;
  }

  async function held(): Promise<readonly number[]> {
    const counts = entities.map(
      ({ target: { table } }) => `(select count(*) from public.${table})`,
    );
    const { rows } = await journey.target.query<{ held: number[] }>(
      `select array[${counts.join(", ")}]::integer[] as held`,
    );
    return rows[0]?.held ?? [];
  }

  it("more than one in a hundred stops the entity, and nothing is deleted until a person believes it", async () => {
    const before = await held();
    await leave(journey, 30);
    const runId = await journey.begin();
    await eventually(() => statusOf("patients"), {
      until: (status) => status === "blocked rows_gone_from_source",
      within: 60_000,
    });
    expect(await held()).toEqual(before);
    const { entities: all } = await api.call("GET /v1/progress", {});
    expect(all.find(({ entity }) => entity === "patients")?.why).toContain(
      "and the run would delete them",
    );
    for (const entity of ["patients", "cases", "projects", "case_states"]) {
      await eventually(() => statusOf(entity), {
        until: (status) => status === "blocked rows_gone_from_source",
        within: 60_000,
      });
      await api.call("POST /v1/entities/:entity/limit", {
        params: { entity },
        body: { gonePercent: 50, reason: "they left" },
      });
    }
    const found = counted(await journey.completed(runId));
    expect(found["patients"]).toEqual({ gone: 30, archived: 0, deleted: 30, left: {} });
    expect(await goneRows(journey)).toEqual({});
  });

  it("what others refer to, and what no run has inserted, is left with a reason, and so is a parent of what is left", async () => {
    const { target, legacy } = journey;
    const { rows } = await legacy.query<{ id: number }>(
      `select p.id from dispatch_patient p
       where exists (select from dispatch_instruction i join dispatch_plan l on l.instruction_id = i.id where i.patient_id = p.id)
       order by id limit 3`,
    );
    const [referred, earlier, parent] = rows.map(({ id }) => id);
    await target.query(
      `create table public.visits (id integer primary key, patient uuid references public.patients on delete cascade);
       insert into public.visits select 1, id from public.patients where legacy_id = ${referred};
       create table public.invoices (id integer primary key, case_id uuid references public.cases on delete set null);
       insert into public.invoices select 1, c.id from public.cases c join public.patients p on p.id = c.patient_id
         where p.legacy_id = ${parent} limit 1;
       alter table public.cases drop constraint cases_patient_id_fkey;
       update public.cases c set patient_id = null from public.patients p where p.id = c.patient_id and p.legacy_id = ${earlier};
       update public.patients set id = '00000000-0000-4000-8000-000000000001' where legacy_id = ${earlier};
       alter table public.cases add constraint cases_patient_id_fkey foreign key (patient_id) references public.patients (id)`,
    );
    await leave(journey, 3);
    const found = counted(await journey.completed(await beginBelieving(journey)));
    expect(found["patients"]).toEqual({
      gone: 3,
      archived: 0,
      deleted: 0,
      left: { referred: 2, not_inserted: 1 },
    });
    expect(found["cases"]?.left).toEqual({ referred: 1 });
    expect((await goneRows(journey))["patients"]).toEqual({
      [referred ?? 0]: "referred",
      [earlier ?? 0]: "not_inserted",
      [parent ?? 0]: "referred",
    });
    expect(
      (await target.query("select from public.visits where patient is not null")).rowCount,
    ).toBe(1);
    expect(
      (await target.query("select from public.invoices where case_id is not null")).rowCount,
    ).toBe(1);
    const listed = await api.call("GET /v1/entities/:entity/gone", {
      params: { entity: "patients" },
      query: {},
    });
    expect(listed.items.map(({ fate }) => fate)).toEqual(["referred", "not_inserted", "referred"]);

    await target.query("drop table public.visits, public.invoices");
    const next = counted(await journey.completed(await beginBelieving(journey)));
    expect(next["patients"]).toEqual({
      gone: 3,
      archived: 0,
      deleted: 2,
      left: { not_inserted: 1 },
    });
  });

  it("a source that shows nothing says nothing of any row, whatever the limit is", async () => {
    const { legacy } = journey;
    const before = await held();
    await legacy.query(
      `alter table dispatch_template rename to elsewhere; create table dispatch_template (like elsewhere including all)`,
    );
    const found = counted(await journey.completed(await beginBelieving(journey)));
    const templates = found["workflow_templates"];
    expect(templates?.gone).toBeGreaterThan(2);
    expect(templates).toEqual({
      gone: templates?.gone,
      archived: 0,
      deleted: 0,
      left: { source_empty: templates?.gone },
    });
    expect(await held()).toEqual(before);
  });
});
