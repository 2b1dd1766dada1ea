/** What a source may look like that someone else has set up. */
import type { Shape } from "@nexus/local/sample";

export interface Alteration {
  readonly columns: string;
  readonly to: string;
  /** SQL of the new value; `$` is the old one. */
  readonly using?: string;
  readonly before?: string;
}

/** Columns as `table.column, table.column`, and types that hold exactly their values. */
export const sameValues: Readonly<Record<Shape, readonly Alteration[]>> = {
  real: [
    { columns: "auth_user.is_staff, auth_user.is_active", to: "smallint", using: "$::int" },
    {
      columns: "auth_user.is_superuser",
      to: "varchar(5)",
      using: "case when $ then 'Yes ' else 'n' end",
    },
    { columns: "dispatch_office.valid", to: "smallint", using: "$::int" },
    { columns: "dispatch_office.valid", to: "text" },
    {
      columns: "dispatch_plan.original, dispatch_instruction.deleted",
      to: "numeric(3,2)",
      using: "$::int",
    },
    {
      columns: "dispatch_plan.original",
      to: "char(1)",
      using: "case when $ then 't' else 'f' end",
    },
    { columns: "dispatch_state.on", to: "double precision", using: "$::int" },
    {
      columns: "dispatch_patient.archived",
      to: "text",
      using: "case when $ then '1' else '0' end",
    },
    { columns: "dispatch_project.size", to: "numeric(20,2)" },
    { columns: "dispatch_project.size", to: "text", using: "$ || '.00'" },
    { columns: "dispatch_project.size", to: "numeric" },
    { columns: "dispatch_project.type, dispatch_patient.sex", to: "smallint" },
    { columns: "dispatch_project.status, dispatch_template.duration", to: "numeric(6,2)" },
    { columns: "dispatch_state.status", to: "real" },
    {
      columns:
        "dispatch_project.id, dispatch_plan.project_id, dispatch_plan.id, dispatch_template.id",
      to: "bigint",
    },
    { columns: "dispatch_patient.id, dispatch_instruction.patient_id", to: "numeric(12,0)" },
    { columns: "dispatch_office.id", to: "double precision" },
    { columns: "dispatch_office.id", to: "numeric(12,0)" },
    {
      columns:
        "auth_user.id, dispatch_project.id, dispatch_plan.id, dispatch_instruction.id, dispatch_state.id",
      to: "numeric",
    },
    {
      columns: "dispatch_office_doctors.office_id, dispatch_patient.office_id",
      to: "numeric(10,2)",
    },
    {
      columns:
        "dispatch_office_doctors.user_id, dispatch_office.doctor_id, dispatch_patient.doctor_id",
      to: "varchar(12)",
    },
    {
      columns: "auth_user_groups.group_id, dispatch_template_predecessors.to_template_id",
      to: "text",
      using: "' +' || $ || '.0 '",
    },
    {
      columns: "dispatch_instruction.course_id, dispatch_plan.instruction_id",
      to: "double precision",
    },
    { columns: "dispatch_project.creator_id, dispatch_state.actor_id", to: "smallint" },
    {
      columns: "dispatch_office.zip",
      to: "citext",
      before:
        "create schema extensions; create extension citext schema extensions; set local search_path = public, extensions",
    },
    {
      columns: "auth_user.email, auth_user.first_name",
      to: "extensions.citext",
      before: "create schema extensions; create extension citext schema extensions",
    },
    {
      columns: "auth_user.email",
      to: "address",
      before:
        "create domain word as varchar(254); create domain address as word check (value is not null)",
    },
    {
      columns: "dispatch_project.creator_id",
      to: "person",
      before: "create domain person as integer",
    },
    ...[
      "dispatch_office_doctors.office_id",
      "auth_user_groups.group_id",
      "dispatch_plan.id",
      "dispatch_template_predecessors.to_template_id",
    ].map((columns) => ({ columns, to: "key", before: "create domain key as integer" })),
    {
      columns: "dispatch_office.id, auth_user.id, dispatch_patient.id, dispatch_template.id",
      to: "key",
      before: "create domain key as bigint",
    },
    {
      columns: "dispatch_course.name",
      to: "course",
      before:
        "create type course as enum ('Main', 'Refinement', 'Replacement', 'Any', 'Invoice', 'Merchandise')",
      using: "$::text::course",
    },
    {
      columns: "auth_user.first_name, dispatch_instruction.notes",
      to: "jsonb",
      using: "to_jsonb($::text)",
    },
    { columns: "dispatch_office.name", to: "json", using: "to_json($::text)" },
    {
      columns: "dispatch_office.name",
      to: "json",
      using: "replace(to_json($::text)::text, 'e', chr(92) || 'u0065')::json",
    },
    {
      columns: "auth_user.last_name",
      to: "jsonb",
      using: "coalesce(to_jsonb(nullif($::text, '')), 'null')",
    },
    { columns: "auth_user.last_name", to: "name" },
    { columns: "dispatch_office.name", to: "char(255)" },
    { columns: "dispatch_project.uid", to: "varchar(36)" },
    { columns: "dispatch_patient.birthdate", to: "timestamp", using: "$ + time '13:45'" },
    {
      columns: "dispatch_patient.birthdate",
      to: "timestamptz",
      using: "$::timestamp at time zone 'UTC'",
    },
    { columns: "dispatch_patient.birthdate", to: "varchar(40)", using: "$::text" },
    {
      columns: "dispatch_patient.birthdate",
      to: "text",
      using:
        "case when isfinite($) and $ > '0002-01-01' then ' ' || $ || 'T10:00:00Z ' else $::text end",
    },
    {
      columns: "auth_user.date_joined, auth_user.last_login",
      to: "timestamp",
      using: "$ at time zone 'UTC'",
    },
    {
      columns: "dispatch_project.created_at, dispatch_state.changed_at",
      to: "text",
      using: "$::text",
    },
    {
      columns: "dispatch_patient.submitted_at",
      to: "varchar",
      using: "replace(($ at time zone 'UTC')::text, ' ', 'T')",
    },
  ],
  reported: [
    { columns: "dispatch_project.patient_id, dispatch_project.office_id", to: "bigint" },
    { columns: "dispatch_project.patient_id", to: "text" },
    { columns: "dispatch_office.id, dispatch_patient.id", to: "numeric" },
    { columns: "dispatch_project.id, dispatch_state.id", to: "numeric(12,2)" },
    { columns: "dispatch_state.project_id, dispatch_template.office_id", to: "numeric" },
    {
      columns: "dispatch_office.email, dispatch_patient.email",
      to: "extensions.citext",
      before: "create schema extensions; create extension citext schema extensions",
    },
    { columns: "dispatch_patient.date_of_birth", to: "timestamp" },
    {
      columns: "dispatch_office.created_at, dispatch_patient.created_at",
      to: "timestamp",
      using: "$ at time zone 'UTC'",
    },
  ],
};
