/** What preflight says of a source that is read otherwise than one would think. */
import { entities } from "@nexus/catalog";
import { describe, expect, it } from "vitest";
import type { SourceRules } from "../config/database-variables.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { type Pool, withPool } from "./pool.ts";
import type { SourceNote } from "./inspect-source.ts";
import { preflightLegacy } from "./preflight-legacy.ts";
import { look, openSource, tablesThatAreNeeded } from "./source.fixture.ts";

/** The sentences of a note. */
async function said(
  legacy: Pool,
  code: SourceNote["code"],
  rules?: SourceRules,
): Promise<string[]> {
  const { notes } = await preflightLegacy(legacy, entities, rules);
  return notes.filter((note) => note.code === code).map(({ says }) => says);
}

describe("a table that lies in two schemas of the search path", () => {
  it("is said to be read from the first of them", async (context) => {
    const url = await freshDatabase(context);
    const made = `${tablesThatAreNeeded()}
      create schema old; create schema beside; create schema hidden;
      create table old.dispatch_plan (like public.dispatch_plan);
      create table hidden.dispatch_state (like public.dispatch_state);
      create view beside.dispatch_plan as select * from public.dispatch_plan;
      do $$ begin execute format('alter database %I set search_path = old, public, beside', current_database()); end $$`;
    await withPool({ url, max: 1, name: "test" }, (pool) => pool.query(made));
    const legacy = openSource(url);
    try {
      expect(await said(legacy, "in_two_schemas")).toEqual([
        "dispatch_plan lies in old and public and beside: that in old is read, by search_path",
      ]);
      await legacy.query("drop view beside.dispatch_plan");
      expect(await said(legacy, "in_two_schemas")).toEqual([
        "dispatch_plan lies in old and public: that in old is read, by search_path",
      ]);
      await legacy.query("drop schema old cascade");
      expect(await said(legacy, "in_two_schemas")).toEqual([]);
    } finally {
      await legacy.end();
    }
  });
});

describe("a materialized view in place of a table", () => {
  it("is said to lack what came since its last refresh, and a plain view is not", async (context) => {
    const url = await freshDatabase(context);
    const kept = "alter table dispatch_state rename to kept; create";
    await look(
      url,
      `${kept} materialized view dispatch_state as select * from kept`,
      async (legacy) =>
        expect(await said(legacy, "materialized_view")).toEqual([
          "dispatch_state is a materialized view: rows since its last refresh are not in it",
        ]),
    );
    await look(url, `${kept} view dispatch_state as select * from kept`, async (legacy) =>
      expect(await said(legacy, "materialized_view")).toEqual([]),
    );
  });
});

describe("a column whose name differs only by case", () => {
  it("is said to be not read, and what nobody would read is not", async (context) => {
    await look(
      await freshDatabase(context),
      `create table dispatch_course (id integer primary key, "NAME" text); alter table dispatch_office add "Logo" text, add "Name" text`,
      async (legacy) =>
        expect(await said(legacy, "column_in_other_case")).toEqual([
          'dispatch_course has "NAME", not name: it is not read',
        ]),
    );
  });
});

describe("the zone of", () => {
  it("days in a column with a zone, of times without one, and of text that names none has its own words", async (context) => {
    await look(
      await freshDatabase(context),
      `alter table dispatch_patient alter birthdate type timestamptz using null;
       alter table dispatch_project alter created_at type timestamp using null, add updated_at timestamptz`,
      async (legacy) => {
        const told = await said(legacy, "zone_assumed", { LEGACY_TIMEZONE: "Asia/Tokyo" });
        expect(told).toEqual([
          "times without a zone in dispatch_project.created_at are read as of Asia/Tokyo: as LEGACY_TIMEZONE says",
          "the days in dispatch_patient.birthdate, a timestamptz, are taken as of Asia/Tokyo: as LEGACY_TIMEZONE says",
          expect.stringMatching(
            /^times in .*dispatch_patient\.updated_at.* whose text names no zone are read as of Asia\/Tokyo: as/,
          ),
        ]);
        expect(told.join()).not.toContain("dispatch_project.updated_at");
        expect(await said(legacy, "zone_assumed")).toContainEqual(
          expect.stringMatching(
            / are taken as of .+: the server's setting; set LEGACY_TIMEZONE if/,
          ),
        );
      },
    );
  });
});

/** `good` dates that are understood and `bad` ones that are not, beside blanks. */
const dates = (good: number, bad: number): string =>
  `insert into dispatch_patient (id, birthdate)
     select n, case when n <= ${good} then '1987-05-01' else '05/17/1987' end from generate_series(1, ${good + bad}) n;
   insert into dispatch_patient (id, birthdate) values (-1, null), (-2, ' ');
   insert into dispatch_patient (id, updated_at) values (-3, '2019-05-01T10:00:00+02'), (-4, 'infinity')`;

describe("text in place of dates", () => {
  it("that is no date is counted, and never told", async (context) => {
    const url = await freshDatabase(context);
    await look(url, dates(3, 2), async (legacy) =>
      expect(await said(legacy, "dates_not_understood")).toEqual([
        "2 of 5 values in dispatch_patient.birthdate are no date that is understood (ISO 8601), and would be lost: change the column, or put a view in its place",
      ]),
    );
    await look(url, dates(5, 0), async (legacy) =>
      expect(await said(legacy, "dates_not_understood")).toEqual([]),
    );
  });

  it("is looked at in 1,000 values, and stops nobody", async (context) => {
    const url = await freshDatabase(context);
    await look(url, dates(1, 1_200), async (legacy) =>
      expect(await said(legacy, "dates_not_understood")).toEqual([
        "999 of 1000 values in dispatch_patient.birthdate are no date that is understood (ISO 8601), and would be lost: change the column, or put a view in its place",
      ]),
    );
  });

  it("stops nobody where a row of it cannot be read", async (context) => {
    const damaged = `
      create function damaged() returns text stable language plpgsql as $$ begin raise data_corrupted; end $$;
      alter table dispatch_patient rename to patients; alter table patients rename birthdate to birth;
      create view dispatch_patient as select *, damaged() as birthdate from patients;
      insert into patients (id) values (1);`;
    await look(await freshDatabase(context), damaged, async (legacy) =>
      expect(await said(legacy, "dates_not_understood")).toEqual([]),
    );
  });

  it("keeps no preflight waiting that somebody has locked", async (context) => {
    await look(await freshDatabase(context), dates(0, 3), async (legacy, url) => {
      const owner = openSource(url);
      try {
        await owner.query("begin; lock table dispatch_patient in access exclusive mode");
        expect(await said(legacy, "dates_not_understood")).toEqual([]);
      } finally {
        await owner.end();
      }
    });
  });
});
