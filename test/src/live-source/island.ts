/** Rows of the source that nothing links to and that nobody works on: what is spoiled there did not change since. */
import type { Shape } from "@nexus/local/sample";
import type { Pool } from "@nexus/shared/database";

/** The first key of the island. */
export const ISLAND = 9_000_001;

/** Tasks that nothing else is made of. */
export const TASKS: readonly number[] = [10, 11, 12].map((n) => ISLAND + n);

const [ONE, TWO] = [ISLAND, ISLAND + 1];

type Row = readonly [table: string, fields: Readonly<Record<string, unknown>>];

const EITHER: readonly Row[] = [
  ["auth_user", { id: ONE, username: "one", first_name: "One", last_name: "Island" }],
  ["auth_user", { id: TWO, username: "two", first_name: "Two", last_name: "Island" }],
  ["dispatch_office", { id: ONE, name: "Island", doctor_id: TWO }],
  ["dispatch_office_doctors", { id: ONE, office_id: ONE, user_id: TWO }],
  ["dispatch_patient", { id: ONE, user_id: ONE, doctor_id: TWO, office_id: null }],
  ...TASKS.map((id): Row => ["dispatch_template", { id, task_name: "Once" }]),
];

const ROWS: Readonly<Record<Shape, readonly Row[]>> = {
  real: [
    ...EITHER,
    ["auth_user_groups", { id: ONE, user_id: TWO, group_id: 2 }],
    ["dispatch_course", { id: ONE, name: "Main" }],
    ["dispatch_instruction", { id: ONE, patient_id: ONE, course_id: ONE, notes: "An order." }],
    [
      "dispatch_project",
      { id: ONE, uid: "9a3c5d5e-0000-4000-8000-000000000001", name: "Island", creator_id: TWO },
    ],
    ["dispatch_plan", { id: ONE, project_id: ONE, instruction_id: ONE }],
    ["dispatch_state", { id: ONE, instruction_id: ONE, actor_id: TWO }],
    ["dispatch_category", { id: ONE, name: "Island", parent_id: null }],
    ["dispatch_template", { id: ONE, task_name: "Island", category_id: ONE, course_id: ONE }],
  ],
  reported: [
    ...EITHER,
    [
      "dispatch_project",
      { id: ONE, uid: ONE, name: "Island", patient_id: ONE, office_id: ONE, creator_id: TWO },
    ],
    ["dispatch_state", { id: ONE, project_id: ONE, actor_id: TWO }],
    ["dispatch_template", { id: ONE, task_name: "Island", office_id: ONE }],
  ],
};

/** Adds the island: each row is like one that is there, but for what is said of it. */
export async function addIsland(legacy: Pool, shape: Shape): Promise<void> {
  const inserts = ROWS[shape].map(
    ([table, fields]) =>
      `insert into ${table} select (jsonb_populate_record(null::${table}, to_jsonb(x) || '${JSON.stringify(fields)}')).* from (select * from ${table} order by id limit 1) x`,
  );
  await legacy.query(inserts.join(";\n"));
}

/** Ways to spoil the target's rows of the island, with what a verification says of each. */
export const DEFECTS: readonly (readonly [sql: string, said: string])[] = [
  ["practices set name = 'x' where legacy_id", "practices name changed_cell"],
  ["profiles set last_name = 'I' where legacy_id", "profiles last_name truncated_text"],
  ["profiles set role = 'x' where legacy_id", "profiles role changed_cell"],
  ["patients set profile_id = null where legacy_id", "patients profile_id swapped_link"],
  ["cases set title = 'x' where legacy_project_id", "cases title changed_cell"],
  ["cases set patient_id = null where legacy_project_id", "cases patient_id swapped_link"],
  ["practice_members set role = 'x' where legacy_id", "practice_members role changed_cell"],
  ["case_states set changed_by = null where legacy_id", "case_states changed_by swapped_link"],
  ["case_states set reason = 'x' where legacy_id", "case_states reason changed_cell"],
  ["workflow_templates set name = 'I' where legacy_id", "workflow_templates name truncated_text"],
];
