import { z } from "zod";
import { isoInstant } from "../dates.ts";
import { defineEntity } from "../define-entity.ts";
import type { Mapping } from "../entity.ts";
import { jsonObject, jsonText, type Json } from "../json.ts";
import { isJsonb } from "../jsonb.ts";
import {
  firstOf,
  firstPresent,
  hasOtherOffice,
  inSource,
  lines,
  list,
  officeOfUser,
  patientsOffice,
  present,
} from "../legacy-sql.ts";
import {
  flag,
  id,
  link,
  optionalCode,
  optionalFlag,
  optionalText,
  reference,
  text,
} from "../row-fields.ts";
import type { SourceShape } from "../source-shape.ts";
import { patientExamples } from "./patients.examples.ts";

const row = z.object({
  id,
  user_id: reference,
  user_in_source: flag,
  user_first_name: text,
  user_last_name: text,
  user_email: text,
  first_name: optionalText,
  last_name: optionalText,
  phone: optionalText,
  email: optionalText,
  birth: text,
  created: text,
  submitted_at: optionalText,
  updated_at: optionalText,
  sex: optionalCode,
  status: optionalCode,
  archived: optionalFlag,
  suspended: optionalFlag,
  suffix: optionalText,
  schemes: optionalText,
  office_id: reference,
  office_in_source: flag,
  /** The office was taken through a doctor who has several. */
  office_inferred: optionalFlag,
});

/** The people who are treated. Their names and e-mail addresses are on their user in one source shape. */
export const patients = defineEntity({
  name: "patients",
  parents: { practices: [], profiles: [] },
  source: {
    table: "dispatch_patient",
    key: "id",
    alias: "p",
    needs: {
      legacy_id: [["dispatch_patient.id"]],
      profile_id: [["dispatch_patient.user_id", "auth_user.id"]],
      first_name: [["auth_user.first_name"]],
      last_name: [["auth_user.last_name"]],
      email: [["auth_user.email"]],
      date_of_birth: [["dispatch_patient.date_of_birth"], ["dispatch_patient.birthdate"]],
      practice_id: [
        [
          "dispatch_office.id",
          "dispatch_office_doctors.office_id",
          "dispatch_office_doctors.user_id",
        ],
      ],
      updated_at: [["dispatch_patient.updated_at"]],
    },
    query,
  },
  target: {
    table: "patients",
    key: "legacy_id",
    archivedIn: "medical_history",
    columns: {
      legacy_id: { type: "integer", filled: true, unique: true },
      practice_id: { type: "uuid", references: "practices" },
      profile_id: { type: "uuid", references: "profiles" },
      first_name: { type: "text" },
      last_name: { type: "text" },
      date_of_birth: { type: "date" },
      phone: { type: "text" },
      email: { type: "text" },
      medical_history: { type: "jsonb", required: true, default: "'{}'", stripNulls: true },
      created_at: { type: "timestamptz", required: true, default: "now()" },
      updated_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  content: "patient",
  recognition: {
    witnesses: ["first_name", "last_name", "date_of_birth"],
    sameParents: ["profile_id"],
  },
  rowCostMs: 0.23,
  row,
  links: (row) => ({
    practice_id: link("practices", row.office_id, row.office_in_source),
    profile_id: link("profiles", row.user_id, row.user_in_source),
  }),
  map(row, to) {
    const created_at = to.instant(row.created, "created_at");
    return {
      legacy_id: row.id,
      practice_id: practiceOf(row, to),
      profile_id: to.parentId("profile_id"),
      first_name:
        to.text(row.first_name, "first_name") ?? to.text(row.user_first_name, "first_name"),
      last_name: to.text(row.last_name, "last_name") ?? to.text(row.user_last_name, "last_name"),
      date_of_birth: to.date(row.birth, "date_of_birth", "birth"),
      phone: to.text(row.phone, "phone"),
      email: to.email(to.text(row.email, "email") ?? row.user_email, "email"),
      medical_history: medicalHistory(row, to),
      created_at,
      updated_at: to.instant(row.updated_at, "updated_at") ?? created_at,
    };
  },
  examples: patientExamples,
});

const COLUMNS = ["first_name", "last_name", "phone", "email", "submitted_at", "updated_at"];
const HISTORY = ["sex", "status", "archived", "suspended", "suffix", "schemes"];

function query(shape: SourceShape): string {
  const first = (...columns: readonly string[]) =>
    firstPresent(shape, "dispatch_patient", "p", columns);
  const projects = patientsOffice(shape, "p.id");
  const nearer = firstOf(first("office_id"), projects !== null && "project.office_id");
  const hasDoctor = shape.has("dispatch_patient", "doctor_id");
  const office = firstOf(nearer, hasDoctor && "doctor.office_id") ?? "null::int";
  return lines(
    `select ${list(
      "p.id, p.user_id, (u.id is not null) as user_in_source",
      "u.first_name as user_first_name, u.last_name as user_last_name, u.email as user_email",
      `${first("date_of_birth", "birthdate")} as birth`,
      `${first("created_at", "submitted_at") ?? "null::timestamptz"} as created`,
      present(shape, "dispatch_patient", "p", [...COLUMNS, ...HISTORY]),
      `${office} as office_id`,
      inSource("dispatch_office", office, "office"),
      hasDoctor && "coalesce(doctor.has_other, false) as office_inferred",
    )}`,
    "from dispatch_patient p",
    "left join lateral (select * from auth_user where auth_user.id = p.user_id offset 0) u on true",
    projects !== null && `left join lateral (${projects}) project on true`,
    hasDoctor && `left join lateral (${doctorsOffice(shape, nearer)}) doctor on true`,
  );
}

/** The office of a patient's doctor, looked up only where no nearer one is known. */
function doctorsOffice(shape: SourceShape, nearer: string | null): string {
  return lines(
    `select found.office_id, ${hasOtherOffice(shape, "p.doctor_id", "found.office_id")} as has_other`,
    `from (select ${officeOfUser(shape, "p.doctor_id")} as office_id offset 0) found`,
    "join auth_user doctor_user on doctor_user.id = p.doctor_id",
    nearer !== null && `where ${nearer} is null`,
    "offset 0",
  );
}

function practiceOf(patient: z.infer<typeof row>, to: Mapping<"practice_id">): string | null {
  const practice = to.parentId("practice_id");
  if (patient.office_id === null) to.note("practice_unresolved", "practice_id");
  if (practice !== null && patient.office_inferred === true)
    to.note("practice_inferred", "practice_id");
  return practice;
}

/** What is known of a patient's health and standing, as JSON text. */
function medicalHistory(patient: z.infer<typeof row>, to: Mapping): string {
  const { sex, status, archived, suspended } = patient;
  const suffix = to.text(patient.suffix, "medical_history");
  const submitted_at = isoInstant(to.instant(patient.submitted_at, "medical_history"));
  const legacy = jsonObject({ sex, status, archived, suspended, suffix, submitted_at });
  return jsonText({ legacy, ...schemesOf(to.text(patient.schemes, "medical_history"), to) });
}

/** Treatment schemes are JSON kept as text: placed as they are written, or kept as text where they are malformed. */
function schemesOf(schemes: string | null, to: Mapping): { schemes?: Json; schemes_raw?: string } {
  if (schemes === null) return {};
  if (isJsonb(schemes)) return { schemes: { json: schemes } };
  to.note("json_invalid", "medical_history");
  return { schemes_raw: schemes };
}
