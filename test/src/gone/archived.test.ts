/** With `archive`, rows that are gone from the source are marked, and not marked any more when they are back. */
import { type Client, openClient } from "@nexus/contract";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "../api-here.ts";
import { type Journey, openJourney } from "../journey.ts";
import { contents, rolledBack } from "../rolled-back.ts";
import { verify } from "../verify.ts";
import { audited, counted, goneRows, leave, policyOf, runBelieving } from "./gone-stack.ts";

/** Those of them that the source keeps in JSON are marked there, the others in a column of their own. */
const COLUMNS = `alter table public.case_states add column archived_at timestamptz;
  alter table public.projects add column archived_at timestamptz;
  update public.projects set archived_at = '2020-01-01' where legacy_id = (select min(legacy_id) from public.projects)`;

const TABLES = ["patients", "cases", "projects", "case_states"];

describe.each(stacks())("rows that are gone, with archive, on $name", (stack) => {
  let journey: Journey;
  let api: Client;

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: 0.02 },
      env: { UNDO: "on" },
      extractors: 0,
    });
    const without = await journey.start("extractor");
    await journey.completed(await journey.begin());
    await journey.target.query(COLUMNS);
    await without.kill("SIGTERM");
    await journey.start("extractor", { GONE_POLICY: policyOf("archive", TABLES) });
  });
  afterAll(() => journey?.close());

  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    api = openClient({ url });
  });

  /** Keys of the rows that are marked, by table. */
  async function marked(): Promise<Record<string, number>> {
    const { rows } = await journey.target.query<Record<string, number>>(
      `select (select count(*) from public.patients where medical_history #>> '{legacy,archived_at}' is not null) as patients,
         (select count(*) from public.cases where metadata #>> '{legacy,archived_at}' is not null) as cases,
         (select count(*) from public.projects where archived_at > '2020-01-01') as projects,
         (select count(*) from public.case_states where archived_at is not null) as case_states`,
    );
    return rows[0] ?? {};
  }

  async function copySource(): Promise<void> {
    for (const table of SOURCE)
      await journey.legacy.query(`create table kept_${table} as select * from ${table}`);
  }

  async function putSourceBack(): Promise<void> {
    const statements = SOURCE.map(
      (table) =>
        `insert into ${table} select * from kept_${table} k where not exists (select from ${table} t where t.id = k.id)`,
    );
    await journey.legacy.query(statements.join("; "));
  }

  it("are marked, are no difference, are written once; a rollback unmarks them, and so does their return", async () => {
    const { target } = journey;
    await copySource();
    const before = await contents(target);
    await leave(journey, 5);
    const first = await runBelieving(journey);
    const found = counted(first.progress);
    expect(Object.keys(found)).toEqual(TABLES);
    for (const [name, { gone, ...counts }] of Object.entries(found))
      expect(counts, name).toEqual({ archived: gone, deleted: 0, left: {} });
    // The first project was marked by somebody else.
    const archived = { ...(await marked()) };
    const theirs = found["projects"]?.archived ?? 0;
    expect(archived["projects"]).toBeLessThanOrEqual(theirs);
    expect(archived["projects"]).toBeGreaterThanOrEqual(theirs - 1);
    for (const name of ["patients", "cases", "case_states"])
      expect(archived[name], name).toBe(found[name]?.archived);
    expect(await audited(journey, first.runId)).toHaveLength(TABLES.length);
    expect((await verify(api)).differences).toBe(0);

    const after = await contents(target);
    const second = await runBelieving(journey);
    expect(second.progress.map(({ updated }) => updated)).toEqual(second.progress.map(() => 0));
    expect(counted(second.progress)).toEqual(found);
    expect(await contents(target)).toEqual(after);
    await rolledBack(api, second.runId);
    await rolledBack(api, first.runId);
    expect(await contents(target)).toEqual(before);
    expect((await target.query("select from migration.archived_rows")).rows).toEqual([]);

    await runBelieving(journey);
    expect(await marked()).toEqual(archived);
    await putSourceBack();
    const back = await runBelieving(journey);
    expect(counted(back.progress)).toEqual({});
    expect(await goneRows(journey)).toEqual({});
    expect(await audited(journey, back.runId)).toEqual(
      TABLES.toSorted().map((name) => `bring_back ${name} ${found[name]?.archived}`),
    );
    expect(await marked()).toEqual({ patients: 0, cases: 0, projects: 0, case_states: 0 });
    expect((await verify(api)).differences).toBe(0);
    const { rows } = await target.query(
      "select from public.projects where archived_at = '2020-01-01'",
    );
    expect(rows).toHaveLength(1);
    await rolledBack(api, back.runId);
    expect(await marked()).toEqual(archived);
  });
});

const SOURCE = [
  "dispatch_patient",
  "dispatch_instruction",
  "dispatch_project",
  "dispatch_plan",
  "dispatch_state",
];
