import { z } from "zod";
import { isoInstant } from "../dates.ts";
import { defineEntity } from "../define-entity.ts";
import { jsonObject, jsonText } from "../json.ts";
import { allOf, blank, inSource, lines, list, officeOfUser, present } from "../legacy-sql.ts";
import {
  flag,
  id,
  ids,
  link,
  optionalFlag,
  optionalIds,
  optionalText,
  reference,
  text,
} from "../row-fields.ts";
import { profileExamples } from "./profiles.examples.ts";

/** Everyone: patients, doctors and staff. People are never merged; e-mail addresses may be shared. */
export const profiles = defineEntity({
  name: "profiles",
  parents: { practices: [] },
  source: {
    table: "auth_user",
    key: "id",
    alias: "u",
    needs: {
      legacy_id: [["auth_user.id"]],
      email: [["auth_user.email"]],
      first_name: [["auth_user.first_name"]],
      last_name: [["auth_user.last_name"]],
      role: [
        [
          "auth_user.is_superuser",
          "auth_user.is_staff",
          "dispatch_office_doctors.user_id",
          "dispatch_patient.user_id",
        ],
      ],
      practice_id: [
        [
          "dispatch_office_doctors.office_id",
          "dispatch_office_doctors.user_id",
          "dispatch_office.id",
        ],
      ],
      metadata: [["auth_user.username", "auth_user.is_active", "auth_user.last_login"]],
      created_at: [["auth_user.date_joined"]],
    },
    query: (shape) =>
      lines(
        "select u.id, u.username, u.email, u.first_name, u.last_name, u.is_active, u.is_staff, u.is_superuser, u.last_login, u.date_joined,",
        list(
          present(shape, "auth_user", "u", ["updated_at"]),
          `(select ${allOf("d.office_id")} from dispatch_office_doctors d where d.user_id = u.id) as office_ids`,
          shape.has("auth_user_groups", "group_id") &&
            `(select ${allOf("g.group_id")} from auth_user_groups g where g.user_id = u.id) as group_ids`,
          shape.has("dispatch_doctorsetting", "user_id") &&
            "(select true from dispatch_doctorsetting s where s.user_id = u.id limit 1) as has_doctorsetting",
          "(select true from dispatch_patient p where p.user_id = u.id limit 1) as has_patient",
          "practice.office_id",
          inSource("dispatch_office", "practice.office_id", "office"),
        ),
        "from auth_user u",
        `left join lateral (select ${officeOfUser(shape, "u.id")} as office_id offset 0) practice on true`,
      ),
  },
  target: {
    table: "profiles",
    key: "legacy_id",
    archivedIn: "metadata",
    columns: {
      legacy_id: { type: "integer", filled: true, unique: true },
      practice_id: { type: "uuid", references: "practices" },
      email: { type: "text" },
      first_name: { type: "text" },
      last_name: { type: "text" },
      role: { type: "text", required: true, default: "'user'" },
      metadata: { type: "jsonb", required: true, default: "'{}'" },
      created_at: { type: "timestamptz", required: true, default: "now()" },
      updated_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  recognition: {
    keys: [["email"]],
    witnesses: ["first_name", "last_name"],
    query: () =>
      lines(
        `select u.id, u.email, u.first_name, u.last_name, ${blank("username", "is_active", "is_staff", "is_superuser", "last_login", "date_joined", "has_patient", "office_ids", "office_id", "office_in_source")}`,
        "from auth_user u",
      ),
  },
  rowCostMs: 0.27,
  row: z.object({
    id,
    username: text,
    email: text,
    first_name: text,
    last_name: text,
    is_active: flag,
    is_staff: flag,
    is_superuser: flag,
    last_login: text,
    date_joined: text,
    updated_at: optionalText,
    group_ids: optionalIds,
    has_doctorsetting: optionalFlag,
    has_patient: flag,
    office_ids: ids,
    office_id: reference,
    office_in_source: flag,
  }),
  links: (row) => ({ practice_id: link("practices", row.office_id, row.office_in_source) }),
  map(row, to) {
    const created_at = to.instant(row.date_joined, "created_at");
    const { is_active, is_staff, is_superuser, group_ids, office_ids } = row;
    const username = to.text(row.username, "metadata");
    const last_login = isoInstant(to.instant(row.last_login, "metadata"));
    const legacy = jsonObject({
      username,
      is_active,
      is_staff,
      is_superuser,
      last_login,
      group_ids,
      office_ids,
    });
    return {
      legacy_id: row.id,
      practice_id: to.parentId("practice_id"),
      email: to.email(row.email, "email"),
      first_name: to.text(row.first_name, "first_name"),
      last_name: to.text(row.last_name, "last_name"),
      role: roleOf(row),
      metadata: jsonText({ legacy }),
      created_at,
      updated_at: to.instant(row.updated_at, "updated_at") ?? created_at,
    };
  },
  examples: profileExamples,
});

/** Django's groups. */
const PATIENT = 1;
const DOCTOR = 2;
const ADMINISTRATOR = 4;
const MASTER = 5;
const TECHNICIAN = 11;

interface Standing {
  readonly is_superuser: boolean | null;
  readonly is_staff: boolean | null;
  readonly group_ids?: readonly number[] | null | undefined;
  readonly office_ids: readonly number[] | null;
  readonly has_doctorsetting?: boolean | null | undefined;
  readonly has_patient: boolean | null;
}

/** The first role that holds: several may. */
function roleOf(user: Standing): string {
  const inGroup = (group: number) => user.group_ids?.includes(group) === true;
  if (user.is_superuser === true || inGroup(ADMINISTRATOR) || inGroup(MASTER)) return "admin";
  if (isDoctor(user, inGroup)) return "doctor";
  if (user.is_staff === true || inGroup(TECHNICIAN)) return "technician";
  return inGroup(PATIENT) || user.has_patient === true ? "patient" : "user";
}

function isDoctor(user: Standing, inGroup: (group: number) => boolean): boolean {
  return inGroup(DOCTOR) || user.has_doctorsetting === true || user.office_ids !== null;
}
