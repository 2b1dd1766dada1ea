import { z } from "zod";
import { labelOf } from "../codes.ts";
import { defineEntity } from "../define-entity.ts";
import type { Mapping, Parent, VersionsOf, Within } from "../entity.ts";
import { jsonObject, jsonText } from "../json.ts";
import {
  allOf,
  blank,
  CHAIN,
  chainsOf,
  inSource,
  firstOf,
  firstPresent,
  hasChain,
  lines,
  list,
  present,
} from "../legacy-sql.ts";
import {
  code,
  flag,
  id,
  link,
  optionalCode,
  optionalFlag,
  optionalIds,
  optionalReference,
  optionalText,
  reference,
  text,
} from "../row-fields.ts";
import { thereIs, versionOf, versionsFrom } from "../row-versions.ts";
import type { SourceShape } from "../source-shape.ts";
import { caseExamples } from "./cases.examples.ts";

const row = z.object({
  id,
  uid: code,
  name: text,
  type: code,
  status: code,
  public: optionalFlag,
  created_at: text,
  updated_at: optionalText,
  patient_id: reference,
  patient_in_source: flag,
  office_id: optionalReference,
  office_in_source: optionalFlag,
  creator_id: reference,
  creator_in_source: flag,
  course: optionalCode,
  instruction_id: optionalReference,
  plan_ids: optionalIds,
  notes: optionalText,
  complaint: optionalText,
  conditions: optionalText,
  objective: optionalText,
});

/** One case per project: a patient's course of treatment, found through the project's chain. */
export const cases = defineEntity({
  name: "cases",
  parents: { practices: [], profiles: ["practice_id", "role"], patients: ["practice_id"] },
  source: {
    table: "dispatch_project",
    key: "id",
    alias: "j",
    needs: {
      legacy_project_id: [["dispatch_project.id"]],
      patient_id: [["dispatch_project.patient_id"], CHAIN],
      practice_id: [["dispatch_project.creator_id", "dispatch_patient.id", "auth_user.id"]],
      title: [["dispatch_project.name"]],
      case_type: [["dispatch_project.type"]],
      current_state: [["dispatch_project.status"]],
      metadata: [["dispatch_project.uid"]],
      created_at: [["dispatch_project.created_at"]],
    },
    query,
    versions,
  },
  target: {
    table: "cases",
    key: "legacy_project_id",
    archivedIn: "metadata",
    columns: {
      legacy_project_id: { type: "integer", filled: true, unique: true },
      patient_id: { type: "uuid", references: "patients" },
      practice_id: { type: "uuid", references: "practices" },
      case_number: { type: "text", filled: true, unique: true },
      title: { type: "text", filled: true },
      case_type: { type: "case_type_enum", filled: true },
      current_state: { type: "case_state_enum", filled: true },
      metadata: { type: "jsonb", required: true, default: "'{}'" },
      created_at: { type: "timestamptz", required: true, default: "now()" },
      updated_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  content: "case",
  recognition: {
    keys: [["case_number"], ["metadata.legacy.uid"]],
    query: () =>
      lines(
        `select j.id, j.uid, ${blank("name", "type", "status", "created_at", "creator_id", "creator_in_source", "patient_id", "patient_in_source")}`,
        "from dispatch_project j",
      ),
  },
  rowCostMs: 0.18,
  row,
  links: (row) => ({
    patient_id: link("patients", row.patient_id, row.patient_in_source),
    practice_id: link("practices", row.office_id, row.office_in_source),
    creator: link("profiles", row.creator_id, row.creator_in_source),
  }),
  map(row, to) {
    const patient = to.parent("patient_id");
    if (row.patient_id === null) to.note("patient_unresolved", "patient_id");
    const created_at = to.instant(row.created_at, "created_at");
    return {
      legacy_project_id: row.id,
      patient_id: patient?.id ?? null,
      practice_id: practiceOf(row, patient, to),
      case_number: `CASE-${String(row.id).padStart(6, "0")}`,
      title: to.text(row.name, "title") ?? `Case ${row.id}`,
      case_type:
        labelOf(to.codes.maps.course, row.course) ?? to.code("case_type", row.type, "case_type"),
      current_state: to.code("case_state", row.status, "current_state"),
      metadata: metadataOf(row, to),
      created_at,
      updated_at: to.instant(row.updated_at, "updated_at") ?? created_at,
    };
  },
  examples: caseExamples,
});

/** The practice that the project names, else its patient's, else that of a creator who is a doctor or a patient. */
function practiceOf(
  project: z.infer<typeof row>,
  patient: Parent | null,
  to: Mapping<"practice_id" | "creator">,
): string | null {
  if (typeof project.office_id === "number") return to.parentId("practice_id");
  const patients = patient?.practice_id ?? null;
  if (patients !== null) return patients;
  const inferred = creatorsPractice(to.parent("creator"));
  to.note(inferred === null ? "practice_unresolved" : "practice_inferred", "practice_id");
  return inferred;
}

/** A technician's or an administrator's practice says nothing of the case. */
function creatorsPractice(creator: Parent | null): string | null {
  const tells = creator?.role === "doctor" || creator?.role === "patient";
  return tells ? (creator.practice_id ?? null) : null;
}

function metadataOf(project: z.infer<typeof row>, to: Mapping): string {
  const { uid, type, status, public: isPublic, instruction_id, plan_ids } = project;
  const clinical = (value: string | null | undefined) => to.text(value, "metadata");
  return jsonText({
    legacy: jsonObject({ uid, type, status, public: isPublic, instruction_id, plan_ids }),
    clinical: jsonObject({
      notes: clinical(project.notes),
      complaint: clinical(project.complaint),
      conditions: clinical(project.conditions),
      objective: clinical(project.objective),
    }),
  });
}

const CLINICAL = ["notes", "complaint", "conditions", "objective"];

function query(shape: SourceShape, within: Within): string {
  const chained = hasChain(shape);
  const patient =
    firstOf(
      firstPresent(shape, "dispatch_project", "j", ["patient_id"]),
      chained && "chain.patient_id",
    ) ?? "null::int";
  return lines(
    `select ${list(
      "j.id, j.uid, j.name, j.type, j.status, j.created_at, j.creator_id",
      inSource("auth_user", "j.creator_id", "creator"),
      present(shape, "dispatch_project", "j", ["public", "updated_at", "office_id"]),
      shape.has("dispatch_project", "office_id") &&
        inSource("dispatch_office", "j.office_id", "office"),
      `${patient} as patient_id`,
      inSource("dispatch_patient", patient, "patient"),
      chained && chainColumns(shape),
    )}`,
    "from dispatch_project j",
    chained && chainJoins(shape, within),
  );
}

function hasCourse(shape: SourceShape): boolean {
  return shape.has("dispatch_instruction", "course_id") && shape.has("dispatch_course", "name");
}

function chainColumns(shape: SourceShape): string {
  return list(
    "chain.instruction_id",
    "plans.ids as plan_ids",
    present(shape, "dispatch_instruction", "chain", CLINICAL),
    hasCourse(shape) && "course.name as course",
  );
}

function chainJoins(shape: SourceShape, within: Within): string {
  const columns = ["patient_id", "course_id", ...CLINICAL].filter((column) =>
    shape.has("dispatch_instruction", column),
  );
  return lines(
    `left join (${chainsOf(shape, within, columns)}) chain on chain.project_id = j.id`,
    `left join (select pl.project_id, ${allOf("pl.id")} as ids from dispatch_plan pl`,
    `where ${within("pl.project_id")} group by pl.project_id) plans on plans.project_id = j.id`,
    hasCourse(shape) && "left join dispatch_course course on course.id = chain.course_id",
  );
}

/** The project with the parents that it names, and everything that its chain might be chosen from. */
function versions(shape: SourceShape): VersionsOf[] {
  const named = (name: string, table: string) =>
    shape.has("dispatch_project", `${name}_id`) && ([name, table] as const);
  const parents = [
    named("creator", "auth_user"),
    named("patient", "dispatch_patient"),
    named("office", "dispatch_office"),
  ].filter((parent) => parent !== false);
  const own = versionsFrom(
    "j.id",
    [versionOf("j"), ...parents.map(([name]) => thereIs(name))],
    `dispatch_project j ${parents.map(([name, table]) => `left join ${table} ${name} on ${name}.id = j.${name}_id`).join(" ")}`,
  );
  const course = hasCourse(shape);
  const chained = versionsFrom(
    "pl.project_id",
    [versionOf("pl"), versionOf("i"), thereIs("patient"), ...(course ? [versionOf("course")] : [])],
    lines(
      "dispatch_plan pl left join dispatch_instruction i on i.id = pl.instruction_id",
      "left join dispatch_patient patient on patient.id = i.patient_id",
      course && "left join dispatch_course course on course.id = i.course_id",
    ),
  );
  return hasChain(shape) ? [own, chained] : [own];
}
