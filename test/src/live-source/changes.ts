/**
 * What people change in a source. `$1` draws the rows. Not among it: what leaves no trace where it was, a row that is deleted or that is given
 * to another one.
 */
import type { Shape } from "@nexus/local/sample";
import { ISLAND } from "./island.ts";

/** A row of the table, by lot: its key. */
function some(table: string): string {
  return `(select id from ${table} where id < ${ISLAND} order by md5(id::text || $1) limit 1)`;
}

function update(table: string, set: string): string {
  return `update ${table} set ${set} where id = ${some(table)}`;
}

/** A copy of a row with another key, and with what `fields` says in JSON; none where `unless` holds of it. */
function copy(table: string, fields: string, unless = "false"): string {
  return `insert into ${table} select (c.made).* from (
    select jsonb_populate_record(null::${table}, to_jsonb(x) || jsonb_build_object('id', (select max(id) + 1 from ${table} where id < ${ISLAND}), ${fields})) as made
    from ${table} x where id = ${some(table)}) c where not (${unless})`;
}

const EITHER = [
  update("auth_user", "first_name = left(md5($1), 9)"),
  update("auth_user", "last_name = left(md5($1), 9), last_login = now()"),
  update("auth_user", "email = left(md5($1), 9) || '@example.org'"),
  update("auth_user", "is_staff = not is_staff, is_active = not is_active"),
  copy("auth_user", "'username', md5($1), 'email', 'new@example.org'"),
  update("dispatch_office", "name = left(md5($1), 9)"),
  copy("dispatch_office", "'name', left(md5($1), 9)"),
  `update dispatch_office_doctors d set office_id = ${some("dispatch_office")} where id = ${some("dispatch_office_doctors")}
     and not exists (select from dispatch_office_doctors x where x.user_id = d.user_id and x.office_id = ${some("dispatch_office")})`,
  copy(
    "dispatch_office_doctors",
    `'office_id', ${some("dispatch_office")}, 'user_id', ${some("auth_user")}`,
    `exists (select from dispatch_office_doctors x where x.user_id = ${some("auth_user")} and x.office_id = ${some("dispatch_office")})`,
  ),
  copy("dispatch_patient", `'user_id', ${some("auth_user")}`),
  update("dispatch_project", "name = left(md5($1), 9), size = size + 1"),
  update("dispatch_project", `creator_id = ${some("auth_user")}`),
  update("dispatch_state", "changed_at = changed_at + interval '40 days'"),
  update("dispatch_state", `actor_id = ${some("auth_user")}`),
  copy("dispatch_state", "'changed_at', timestamptz '2001-01-01'"),
  copy("dispatch_state", "'changed_at', timestamptz '2025-01-01'"),
  update("dispatch_template", "task_name = left(md5($1), 9)"),
  copy("dispatch_template", "'task_name', left(md5($1), 9)"),
];

const ONLY: Readonly<Record<Shape, readonly string[]>> = {
  real: [
    `update auth_user_groups m set group_id = (select id from auth_group g where not exists (
       select from auth_user_groups x where x.user_id = m.user_id and x.group_id = g.id) order by md5(id::text || $1) limit 1)
     where id = ${some("auth_user_groups")}`,
    copy(
      "auth_user_groups",
      `'user_id', ${some("auth_user")}, 'group_id', 4`,
      `exists (select from auth_user_groups x where x.user_id = ${some("auth_user")} and x.group_id = 4)`,
    ),
    update("dispatch_doctorsetting", "credit = 1"),
    copy(
      "dispatch_doctorsetting",
      `'user_id', ${some("auth_user")}`,
      `exists (select from dispatch_doctorsetting x where x.user_id = ${some("auth_user")})`,
    ),
    update("dispatch_office", "valid = valid is not true"),
    update("dispatch_patient", "suffix = left(md5($1), 5), schemes = '{}'"),
    update("dispatch_patient", `office_id = ${some("dispatch_office")}`),
    update("dispatch_patient", `doctor_id = ${some("auth_user")}, office_id = null`),
    update("dispatch_course", "name = 'Refinement'"),
    update("dispatch_instruction", "notes = left(md5($1), 9)"),
    update("dispatch_instruction", "deleted = deleted is not true"),
    update("dispatch_instruction", `course_id = ${some("dispatch_course")}`),
    update("dispatch_instruction", `patient_id = ${some("dispatch_patient")}`),
    copy("dispatch_instruction", "'notes', left(md5($1), 9)"),
    update("dispatch_plan", "original = not original"),
    copy(
      "dispatch_plan",
      `'project_id', ${some("dispatch_project")}, 'instruction_id', ${some("dispatch_instruction")}, 'original', true`,
    ),
    copy("dispatch_project", "'uid', md5($1)"),
    update("dispatch_project", "type = (type + 1) % 12, status = (status + 1) % 4"),
    update("dispatch_state", `status = 12, "on" = not "on"`),
    update("dispatch_category", "name = left(md5($1), 9)"),
    update("dispatch_template", `category_id = ${some("dispatch_category")}, duration = 9`),
    `update dispatch_template_predecessors p set to_template_id = ${some("dispatch_template")} where id = ${some("dispatch_template_predecessors")}
       and not exists (select from dispatch_template_predecessors x
         where x.from_template_id = p.from_template_id and x.to_template_id = ${some("dispatch_template")})`,
  ],
  reported: [
    update("dispatch_office", "phone = left(md5($1), 9)"),
    update("dispatch_patient", "first_name = '', email = null"),
    update("dispatch_project", `office_id = ${some("dispatch_office")}`),
    update("dispatch_project", "type = 'scan', status = 'approved'"),
    copy(
      "dispatch_project",
      `'uid', (select max(uid) + 1 from dispatch_project), 'office_id', ${some("dispatch_office")}`,
    ),
    update("dispatch_state", "status = 'shipped'"),
    update("dispatch_template", `office_id = ${some("dispatch_office")}`),
  ],
};

/** Statements for a source of that shape. */
export function changesOf(shape: Shape): readonly string[] {
  return [...EITHER, ...ONLY[shape]];
}
