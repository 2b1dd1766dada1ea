/** A row that the target refuses, or that cannot even be read, costs itself and not its batch. */
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Journey, openJourney } from "./journey.ts";
import { exceptionsOf, expectSumsToClose, keys, notesOf } from "./outcomes.ts";
import { snapshot } from "./snapshot.ts";

/** As people type, and as programs damage. None of it may be lost but the blanks around it. */
const ODD_TEXTS = [
  "x".repeat(10_000),
  "👩‍👩‍👧‍👦 🦷",
  "山田 太郎",
  "O'Neil; drop table profiles; --",
  String.raw`\N`,
  String.raw`\u0000 \x00 {"a":1} ["b"]`,
  "a\u0001b\u007fc\u0085d",
  "e\u0301 \u202Eright to left",
  "\uFFFD\uFFFE\u{10FFFF}",
  "null",
  "{NULL}",
  '"quoted", with\ttab and\nline',
];

describe.each(stacks())("bad rows, on $name", (stack) => {
  let journey: Journey;
  let runId: number;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.02 }, env: { BATCH_ROWS: "60" } });
    await spoilSource(journey);
    await narrowTarget(journey);
    runId = await journey.begin();
    expectSumsToClose(await journey.completed(runId));
  });
  afterAll(() => journey?.close());

  it.each([
    {
      rule: "a check",
      entity: "profiles",
      reason: "check_violated",
      broken: `first_name = 'Forbidden'`,
      keeps: 0,
    },
    {
      rule: "a length",
      entity: "practices",
      reason: "value_too_long",
      broken: `length(name) > 40`,
      keeps: 0,
    },
    {
      rule: "a unique key",
      entity: "workflow_templates",
      reason: "duplicate_key",
      broken: `duration = 77`,
      keeps: 1,
    },
    {
      rule: "not null",
      entity: "case_states",
      reason: "value_missing",
      broken: `actor_id is null`,
      keeps: 0,
    },
    {
      rule: "the source's own type",
      entity: "projects",
      reason: "unreadable",
      broken: `size % 1 <> 0`,
      keeps: 0,
    },
  ])(
    "that break $rule are rejected as $reason, all others are loaded",
    async ({ entity, reason, broken, keeps }) => {
      const exceptions = await exceptionsOf(journey, runId, entity);
      const { [`rejected ${reason}`]: rejected, ...others } = exceptions;
      const turnedAwayBefore = new Set(Object.values(others).flat());
      const bad = await keys(journey.legacy, `select id from ${SOURCES[entity]} where ${broken}`);
      const expected = bad.filter((key) => !turnedAwayBefore.has(key)).slice(keeps);
      expect(expected.length).toBeGreaterThan(1);
      expect(rejected).toEqual(expected);
      expect(Object.keys(others).filter((what) => !KNOWN.has(what))).toEqual([]);
      const all = await keys(journey.legacy, `select id from ${SOURCES[entity]}`);
      const loaded = [...((await snapshot(journey.target)).get(entity)?.keys() ?? [])];
      const excepted = new Set([...expected, ...turnedAwayBefore]);
      expect(loaded.sort((a, b) => a - b)).toEqual(all.filter((key) => !excepted.has(key)));
    },
  );

  it("name the column where the target says which", async () => {
    const { rows } = await journey.target.query(
      `select distinct reason, column_name from migration.exceptions where reason in ('value_missing', 'unreadable') order by 1`,
    );
    expect(rows).toEqual([
      { reason: "unreadable", column_name: "size" },
      { reason: "value_missing", column_name: "changed_by" },
    ]);
  });

  it("park their children, which are not lost either", async () => {
    const exceptions = await exceptionsOf(journey, runId, "patients");
    const profiles = Object.values(await exceptionsOf(journey, runId, "profiles")).flat();
    const expected = await keys(
      journey.legacy,
      `select id from dispatch_patient where user_id in (${profiles.join(",")})`,
    );
    const waiting = [
      ...(exceptions["parked profiles_not_in_target"] ?? []),
      ...(exceptions["parked practices_not_in_target"] ?? []),
    ];
    expect(expected.length).toBeGreaterThan(0);
    expect(waiting).toEqual(expect.arrayContaining(expected));
    expect(exceptions["parked profiles_not_in_target"]?.length).toBeGreaterThan(0);
  });

  it("may share an e-mail address, and the blank one: it stays on every row", async () => {
    const shared = `select email, count(*) as rows from (select lower(btrim(email)) as email from auth_user) u
      where email <> '' and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' group by 1 having count(*) > 1 order by 1`;
    const expected = await journey.legacy.query(shared);
    const found = await journey.target.query(
      `select email, count(*) as rows from profiles group by 1 having count(*) > 1 and email is not null order by 1`,
    );
    expect(found.rows).toEqual(expected.rows);
    expect(found.rows.length).toBeGreaterThan(0);
    expect(await keys(journey.target, `select count(*) from profiles where email = ''`)).toEqual([
      0,
    ]);
    const checked = await keys(
      journey.target,
      `select actual from migration.validations where run_id = ${runId} and entity = 'profiles' and name = 'rows_sharing_an_email'`,
    );
    expect(checked[0]).toBe(expected.rows.reduce((sum, row) => sum + Number(row["rows"]), 0));
  });

  it("are not what two people of one name and birth date are: they stay two", async () => {
    const { rows } = await journey.target.query(
      `select p.id, p.profile_id, u.legacy_id from patients p join profiles u on u.id = p.profile_id where p.last_name = 'Twin'`,
    );
    const users = await keys(journey.legacy, `select id from auth_user where last_name = 'Twin'`);
    expect(rows.map((row) => row["legacy_id"]).sort((a, b) => a - b)).toEqual(users);
    expect(new Set(rows.map((row) => row["id"])).size).toBe(2);
  });

  it("is not what odd text is: every character arrives", async () => {
    const { rows } = await journey.target.query<{ last_name: string }>(
      `select last_name from profiles where metadata #>> '{legacy,username}' like 'odd %' order by legacy_id`,
    );
    expect(rows.map((row) => row.last_name)).toEqual(ODD_TEXTS);
    const inJson = await journey.target.query<{ text: string }>(
      `select metadata #>> '{clinical,notes}' as text from cases
       where metadata #>> '{clinical,complaint}' = 'odd' order by legacy_project_id`,
    );
    expect(inJson.rows.length).toBeGreaterThan(0);
    expect(ODD_TEXTS).toEqual(expect.arrayContaining(inJson.rows.map((row) => row.text)));
  });

  it("keep JSON that is none as text, with a note", async () => {
    const noted = (await notesOf(journey, runId, "patients"))["json_invalid medical_history"] ?? [];
    const nul = await keys(
      journey.legacy,
      String.raw`select id from dispatch_patient where schemes = '{"a": "\u0000"}'`,
    );
    expect(nul).toHaveLength(1);
    expect(noted).toEqual(expect.arrayContaining(nul));
  });

  it("are rejected again, and nothing else is written, when the run is repeated", async () => {
    const again = await journey.begin();
    const progress = await journey.completed(again);
    expectSumsToClose(progress);
    expect(progress.filter(({ inserted, updated }) => inserted + updated > 0)).toEqual([]);
    const { rows } = await journey.target.query<{ run_id: number; open: number }>(
      `select run_id, count(*) filter (where resolved_at is null) as open from migration.exceptions group by 1 order by 1`,
    );
    expect(rows[0]).toEqual({ run_id: runId, open: 0 });
    expect(rows[1]?.open).toBeGreaterThan(0);
  });
});

const SOURCES: Readonly<Record<string, string>> = {
  practices: "dispatch_office",
  profiles: "auth_user",
  projects: "dispatch_project",
  case_states: "dispatch_state",
  workflow_templates: "dispatch_template",
};

/** What else becomes of rows in this test. */
const KNOWN: ReadonlySet<string> = new Set([
  "rejected case_unresolved",
  "parked practices_not_in_target",
  "parked profiles_not_in_target",
  "parked cases_not_in_target",
]);

/** The users of two patients with whom and with whose practice nothing is wrong. */
const TWINS = `select user_id from dispatch_patient where user_id in (select id from auth_user where first_name <> 'Forbidden')
  and office_id > (select min(id) from dispatch_office) and office_id < (select max(id) from dispatch_office) order by id limit 2`;

/** Columns become as wide as people made them elsewhere, then some rows become bad: the first and the last of batches among them. */
async function spoilSource({ legacy }: Journey): Promise<void> {
  await legacy.query(
    `alter table auth_user alter column last_name type text;
     alter table dispatch_project alter column size type numeric;
     update auth_user set first_name = 'Forbidden' where id in (select id from (
       select id, row_number() over (order by id) as n, count(*) over () as last from auth_user) u where n in (1, 2, 30, 60, 61, last));
     update auth_user set first_name = 'Forbidden' where id in (select user_id from dispatch_patient order by id limit 2);
     update auth_user set first_name = 'Same', last_name = 'Twin' where id in (${TWINS});
     update dispatch_patient set birthdate = '1990-01-01' where user_id in (${TWINS});
     update dispatch_office set name = repeat('long ', 12) where id in (select min(id) from dispatch_office union select max(id) from dispatch_office);
     update dispatch_template set duration = 77 where id in (select id from dispatch_template order by id limit 3);
     update dispatch_project set size = 1.5 where id in (select id from dispatch_project order by id desc limit 2);
     update dispatch_instruction set notes = null, complaint = 'odd' where id in (select id from dispatch_instruction order by id limit ${ODD_TEXTS.length});`,
  );
  await legacy.query(
    `update dispatch_patient set schemes = '{"a": "\\u0000"}' where id = (select max(id) from dispatch_patient where office_id is null
       and user_id in (select id from auth_user where first_name <> 'Forbidden'))`,
  );
  await legacy.query(
    `insert into auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
     select '!', false, 'odd ' || n, '', text, '', false, true, now() from unnest($1::text[]) with ordinality as o (text, n)`,
    [ODD_TEXTS],
  );
  await legacy.query(
    `update dispatch_instruction i set notes = o.text
     from unnest($1::text[]) with ordinality as o (text, n),
       (select id, row_number() over (order by id) as n from dispatch_instruction where complaint = 'odd') i2
     where i2.id = i.id and i2.n = o.n`,
    [ODD_TEXTS],
  );
}

/** Rules that a target may have of its own. */
async function narrowTarget({ target }: Journey): Promise<void> {
  await target.query(
    `alter table profiles add constraint allowed check (first_name <> 'Forbidden');
     alter table practices alter column name type varchar(40);
     create unique index on workflow_templates ((steps #>> '{0,duration}')) where steps #>> '{0,duration}' = '77';
     alter table case_states alter column changed_by set not null;`,
  );
}
