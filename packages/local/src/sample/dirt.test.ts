import { expect, it } from "vitest";
import { numberOf, openTrial, sampleTemplate } from "./trial-database.ts";

const quarter = sampleTemplate("sample_quarter", { shape: "real", scale: 0.25, seed: 11 });

/** What a share of the rows is like: table, condition, least and most share. */
const shares: readonly [string, string, number, number][] = [
  ["auth_user", "email = ''", 0.86, 0.868],
  ["auth_user", "not is_active", 0.09, 0.15],
  ["auth_user", "email <> lower(email)", 0.005, 0.05],
  ["dispatch_office", "valid is false", 0.3, 0.48],
  ["dispatch_office", "doctor_id is null", 0.1, 0.4],
  ["dispatch_office", "btrim(coalesce(name, '')) = ''", 0.02, 0.1],
  ["dispatch_patient", "office_id is null", 0.035, 0.065],
  ["dispatch_patient", "schemes = ''", 0.4, 0.6],
  ["dispatch_project", "type = 3", 0.515, 0.525],
  ["dispatch_project", "status = 0", 0.9995, 0.9999],
  ["dispatch_project", "name = ''", 0.4, 0.5],
  ["dispatch_project", "name ~ '^[0-9]+$'", 0.15, 0.3],
  ["dispatch_project", "creator_id is null", 0.05, 0.11],
  [
    "dispatch_project",
    "not exists (select from dispatch_plan where project_id = t.id)",
    0.475,
    0.485,
  ],
  ["dispatch_plan", "not original", 0.1, 0.25],
  ["dispatch_instruction", "deleted", 0.02, 0.06],
  ["dispatch_instruction", "deleted is null", 0.04, 0.08],
  ["dispatch_state", "actor_id is null", 0.07, 0.13],
  [
    "dispatch_state",
    "not exists (select from dispatch_plan p where p.instruction_id = t.instruction_id)",
    0.005,
    0.015,
  ],
];

/** What occurs at all: table, condition, least rows. */
const occurrences: readonly [string, string, number][] = [
  ["auth_user", "email in ('null', 'NULL', 'none', 'no at sign', '@', 'nobody@')", 2],
  ["auth_user", "last_name ~ (chr(160) || '|' || chr(12288) || '|\t')", 3],
  ["dispatch_office", "valid is null", 1],
  ["dispatch_office", "name ~ '歯科'", 10],
  ["dispatch_patient", "birthdate < '1900-01-01' and birthdate > '-infinity'", 5],
  ["dispatch_patient", "birthdate in ('infinity', '-infinity')", 5],
  ["dispatch_patient", "birthdate > '2060-01-01' and birthdate < 'infinity'", 5],
  ["dispatch_patient", "schemes like '%12345678901234567890.123456789012345%'", 5],
  ["dispatch_patient", "schemes like '%null%'", 5],
  ["dispatch_patient", "schemes in ('{', 'not json', '{''a'': 1}')", 2],
  ["dispatch_project", "size > 2147483647", 100],
  ["dispatch_project", "size < 0", 10],
  ["dispatch_project", "type not in (0, 3, 10, 11)", 5],
  ["dispatch_project", "date_part('microseconds', created_at)::int % 1000 <> 0", 10000],
  ["dispatch_project", "(select count(*) from dispatch_plan where project_id = t.id) > 1", 300],
  [
    "dispatch_instruction",
    "(select count(distinct project_id) from dispatch_plan where instruction_id = t.id) > 1",
    300,
  ],
  [
    "dispatch_state",
    "exists (select from dispatch_state s where s.instruction_id = t.instruction_id and s.changed_at = t.changed_at and s.id <> t.id)",
    5,
  ],
  [
    "dispatch_state",
    "exists (select from dispatch_state s where s.instruction_id = t.instruction_id and s.changed_at < t.changed_at and s.id > t.id)",
    50,
  ],
  ["dispatch_template", "task_name is null", 1],
  ["dispatch_template_predecessors", "true", 10],
];

it("has the report's shares of odd rows", async (context) => {
  const db = await openTrial(context, quarter);
  for (const [table, condition, least, most] of shares) {
    const share = await numberOf(
      db,
      `select avg(case when ${condition} then 1.0 else 0 end) from ${table} as t`,
    );
    expect.soft(share, `${table} where ${condition}`).toBeGreaterThanOrEqual(least);
    expect.soft(share, `${table} where ${condition}`).toBeLessThanOrEqual(most);
  }
});

it("has at least some rows of every rare kind", async (context) => {
  const db = await openTrial(context, quarter);
  for (const [table, condition, least] of occurrences) {
    const rows = await numberOf(db, `select count(*) from ${table} as t where ${condition}`);
    expect.soft(rows, `${table} where ${condition}`).toBeGreaterThanOrEqual(least);
  }
});

it("shares addresses, up to eleven rows on one", async (context) => {
  const db = await openTrial(context, quarter);
  const shared =
    "select count(*) as n from auth_user where email <> '' group by lower(email) having count(*) > 1";
  expect(await numberOf(db, `select max(n) from (${shared}) as s`)).toBe(11);
});

it("has users of several groups, offices of several users and users of several offices", async (context) => {
  const db = await openTrial(context, quarter);
  const several = (table: string, column: string): Promise<number> =>
    numberOf(
      db,
      `select count(*) from (select from ${table} group by ${column} having count(*) > 1) as s`,
    );
  expect(await several("auth_user_groups", "user_id")).toBeGreaterThan(10);
  expect(await several("dispatch_office_doctors", "office_id")).toBeGreaterThan(10);
  expect(await several("dispatch_office_doctors", "user_id")).toBeGreaterThan(10);
  expect(await several("dispatch_patient", "user_id")).toBeGreaterThan(3);
});
