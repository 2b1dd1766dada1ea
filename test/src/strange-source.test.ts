/** A source that someone else has shaped: NULL where there should be none, keys that are too great, types of their own. */
import { listExceptions } from "@nexus/api/exceptions";
import { eventually, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Journey, openJourney } from "./journey.ts";
import { expectSumsToClose, keys } from "./outcomes.ts";

/** Above what the target's keys can be; the second is 2^53 + 1, which JavaScript takes for 2^53. */
const TOO_GREAT = [
  "-9007199254740993",
  "-2147483649",
  "2147483648",
  "9007199254740993",
  "9223372036854775807",
];

const STRANGE = `
  alter table dispatch_office_doctors alter office_id drop not null;
  alter table auth_user_groups alter group_id drop not null;
  alter table dispatch_template_predecessors alter to_template_id drop not null;
  insert into dispatch_office_doctors (user_id) select id from auth_user;
  insert into auth_user_groups (user_id) select id from auth_user;
  insert into dispatch_template_predecessors (from_template_id) select id from dispatch_template;
  create schema extensions; create extension citext schema extensions;
  alter table dispatch_template alter id type bigint;
  alter table dispatch_office alter zip type integer using 94110;
  alter table auth_user alter is_staff type smallint using is_staff::int, alter email type extensions.citext;
  alter table dispatch_project alter size type numeric(20,2);
  alter table dispatch_patient alter birthdate type timestamp;
  alter table dispatch_project alter created_at type timestamp;
  insert into dispatch_template (id, predefined, read_only) values ${TOO_GREAT.map((key) => `(${key}, true, true)`).join(", ")}`;

describe.each(stacks())("a strange source, on $name", (stack) => {
  let journey: Journey;
  let runId: number;

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: 0.004 },
      env: { BATCH_ROWS: "3", LEGACY_TIMEZONE: "US/Pacific" },
    });
    await journey.legacy.query(STRANGE);
    runId = await journey.begin();
    expectSumsToClose(await journey.completed(runId));
  }, 120_000);
  afterAll(() => journey?.close());

  it("rejects rows whose key is too great, each by its key, and no others", async () => {
    const { rows } = await journey.target.query(
      `select entity, legacy_id::text as key, column_name as column from migration.exceptions
       where run_id = $1 and reason = 'unreadable' order by legacy_id`,
      [runId],
    );
    expect(rows).toEqual(
      TOO_GREAT.map((key) => ({ entity: "workflow_templates", key, column: "id" })),
    );
  });

  it("lists those keys as they are, a page at a time", async () => {
    const listed: string[] = [];
    for (let after: string | undefined; listed.length < TOO_GREAT.length; after = listed.at(-1)) {
      const page = await listExceptions(journey.target, "workflow_templates", { after, limit: 2 });
      listed.push(...page.map(({ legacyId }) => String(legacyId)));
      if (page.length === 0) break;
    }
    expect(listed).toEqual(TOO_GREAT);
  });

  it("leaves NULL members out of lists", async () => {
    const { rows } = await journey.target.query(
      `select 1 from profiles where metadata::text like '%null%' union all select 1 from workflow_templates where steps::text like '%null%'`,
    );
    expect(rows).toEqual([]);
    const doctors = await keys(
      journey.target,
      `select legacy_id from profiles where role in ('doctor', 'admin')`,
    );
    expect(doctors).toEqual(await keys(journey.legacy, "select id from auth_user"));
  });

  it("reads every column that has an exact value", async () => {
    const { rows } = await journey.target.query(
      `select (select count(*) from practices where address like '%94110%') as zips,
              (select count(*) from profiles where email like '%@%') > 0 as mails,
              (select count(*) from projects where file_size > 0) > 0 as sizes,
              (select count(*) from patients where date_of_birth is not null) > 0 as births`,
    );
    const offices = await keys(journey.legacy, "select id from dispatch_office");
    expect(rows).toEqual([{ zips: offices.length, mails: true, sizes: true, births: true }]);
  });

  it("reads times without a zone as of the zone that the run keeps", async () => {
    const { rows } = await journey.target.query(
      "select source_timezone, source_columns is not null as columns from migration.runs where id = $1",
      [runId],
    );
    expect(rows).toEqual([{ source_timezone: "US/Pacific", columns: true }]);
    const written = await journey.legacy.query(
      `select id, (created_at at time zone 'US/Pacific' at time zone 'UTC')::text as at from dispatch_project order by id`,
    );
    const read = await journey.target.query(
      `select legacy_project_id as id, (created_at at time zone 'UTC')::text as at from cases order by 1`,
    );
    expect(read.rows).toEqual(written.rows);
  });

  it("does not begin where rows have no key", async () => {
    await journey.legacy.query(
      `alter table dispatch_template_predecessors drop constraint if exists dispatch_template_pr_from_template_id_559f3e46_fk_dispatch_,
         drop constraint if exists dispatch_template_pr_to_template_id_158cdc74_fk_dispatch_;
       alter table dispatch_template drop constraint dispatch_template_pkey, alter id drop not null;
       insert into dispatch_template (id, predefined, read_only) values (null, true, true), (null, true, true)`,
    );
    const failed = await journey.begin();
    const status = async () =>
      (
        await journey.target.query("select status, error_code from migration.runs where id = $1", [
          failed,
        ])
      ).rows[0];
    expect(
      await eventually(status, { until: (run) => run?.["status"] !== "planned", within: 20_000 }),
    ).toEqual({
      status: "failed",
      error_code: "source_missing",
    });
  });
});
