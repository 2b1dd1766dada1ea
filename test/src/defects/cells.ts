/** Defects in a cell of a loaded row: which rows can have them, and what is done to them. */
import { CASES_WITH_THEIR_PROJECT, type Recipe } from "./plant.ts";

/** `rows`: which of the table; `$1`: the keys that are struck. `t` is the table. */
function cell(
  kind: string,
  place: string,
  to: string,
  { rows = "true", key = "legacy_id" }: { readonly rows?: string; readonly key?: string } = {},
): Recipe {
  const [entity = "", column = ""] = place.split(".");
  return {
    kind,
    victims: `select t.${key}::bigint as key from public.${entity} t where ${rows}`,
    strike: {
      on: "target",
      sql: `update public.${entity} t set ${column} = ${to} where t.${key} = any($1::bigint[])`,
    },
    found: [{ entity, column }],
  };
}

const OF_CASES = { key: "legacy_project_id" };

const CHANGED = [
  cell("changed_cell", "practices.phone", "coalesce(phone, '') || '#'"),
  cell("changed_cell", "practices.is_active", "not is_active"),
  cell("changed_cell", "profiles.metadata", `metadata || '{"x": 1}'`),
  cell("changed_cell", "profiles.role", "case role when 'admin' then 'user' else 'admin' end"),
  cell("changed_cell", "patients.date_of_birth", "coalesce(date_of_birth + 1, '2000-01-01')"),
  cell("changed_cell", "patients.medical_history", `medical_history || '{"x": null}'`),
  cell("changed_cell", "patients.first_name", "'Ж' || coalesce(first_name, '')"),
  cell("changed_cell", "cases.case_type", "'emergency'", OF_CASES),
  cell("changed_cell", "cases.title", "title || ' '", OF_CASES),
  cell("changed_cell", "projects.file_size", "coalesce(file_size, 0) + 1"),
  cell("changed_cell", "projects.status", "'archived'"),
  cell("changed_cell", "projects.created_at", "created_at + interval '7 minutes'"),
  cell(
    "changed_cell",
    "practice_members.role",
    "case role when 'owner' then 'doctor' else 'owner' end",
  ),
  cell("changed_cell", "case_states.to_state", "'planning'"),
  cell("changed_cell", "case_states.from_state", "'planning'"),
  cell("changed_cell", "workflow_templates.steps", "'[]'"),
];

/** Half of a text, and all of it but the last character. */
function truncated(place: string, key?: string): Recipe {
  const [, column = ""] = place.split(".");
  const to = `left(${column}, case when length(${column}) % 2 = 0 then length(${column}) / 2 else -1 end)`;
  const rows = `length(t.${column}) > 1`;
  return cell("truncated_text", place, to, key === undefined ? { rows } : { rows, key });
}

const TRUNCATED = [
  truncated("practices.name"),
  truncated("practices.address"),
  truncated("profiles.email"),
  truncated("profiles.last_name"),
  truncated("patients.first_name"),
  truncated("cases.title", "legacy_project_id"),
  truncated("projects.name"),
  truncated("case_states.reason"),
  truncated("workflow_templates.name"),
];

/** Up to 26 hours to either side. Where the source tells the instant. */
function shifted(place: string, key = "legacy_id"): Recipe {
  const [, column = ""] = place.split(".");
  const quarters = `(1 + t.${key} % 104) * case when t.${key} % 2 = 0 then 1 else -1 end`;
  return cell("shifted_time", place, `${column} + ${quarters} * interval '15 minutes'`, { key });
}

const SHIFTED = [
  shifted("profiles.created_at"),
  shifted("profiles.updated_at"),
  shifted("cases.created_at", "legacy_project_id"),
  shifted("cases.updated_at", "legacy_project_id"),
  shifted("projects.created_at"),
  shifted("projects.updated_at"),
  shifted("case_states.created_at"),
];

/** Another parent, by chance. */
function other(parent: string, column: string, key = "legacy_id", also = "true"): string {
  return `(select p.id from public.${parent} p where p.id is distinct from t.${column} and ${also}
    order by hashint8extended(('x' || left(p.id::text, 8))::bit(32)::integer, t.${key}) limit 1)`;
}

/** Another parent for two of three, none for the third, where there may be none. */
function relinked(kind: string, place: string, parent: string, key = "legacy_id"): Recipe {
  const [, column = ""] = place.split(".");
  const to = `case when t.${key} % 3 = 0 and t.${column} is not null then null else ${other(parent, column, key)} end`;
  return cell(kind, place, to, { key });
}

/** A pair of practice and profile is there once. */
function membersOther(parent: string, column: string): string {
  const pair =
    column === "practice_id"
      ? "m.practice_id = p.id and m.profile_id = t.profile_id"
      : "m.profile_id = p.id and m.practice_id = t.practice_id";
  return other(
    parent,
    column,
    "legacy_id",
    `not exists (select from public.practice_members m where ${pair})`,
  );
}

const SWAPPED = [
  relinked("swapped_link", "patients.profile_id", "profiles"),
  relinked("swapped_link", "cases.patient_id", "patients", "legacy_project_id"),
  cell("swapped_link", "projects.case_id", other("cases", "case_id")),
  relinked("swapped_link", "projects.creator_id", "profiles"),
  cell("swapped_link", "practice_members.profile_id", membersOther("profiles", "profile_id")),
  cell("swapped_link", "case_states.case_id", other("cases", "case_id")),
  relinked("swapped_link", "case_states.changed_by", "profiles"),
];

const WRONG_PRACTICE = [
  relinked("wrong_practice", "profiles.practice_id", "practices"),
  relinked("wrong_practice", "patients.practice_id", "practices"),
  // The target moves what hangs on a case with it: here its project only.
  {
    ...relinked("wrong_practice", "cases.practice_id", "practices", "legacy_project_id"),
    victims: CASES_WITH_THEIR_PROJECT,
    found: [
      { entity: "cases", column: "practice_id" },
      { entity: "projects", column: "practice_id" },
    ],
  },
  relinked("wrong_practice", "projects.practice_id", "practices"),
  cell("wrong_practice", "practice_members.practice_id", membersOther("practices", "practice_id")),
  relinked("wrong_practice", "case_states.practice_id", "practices"),
  relinked("wrong_practice", "workflow_templates.practice_id", "practices"),
];

export const CELLS: readonly Recipe[] = [
  ...CHANGED,
  ...TRUNCATED,
  ...SHIFTED,
  ...SWAPPED,
  ...WRONG_PRACTICE,
];
