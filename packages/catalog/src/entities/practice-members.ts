import { z } from "zod";
import { defineEntity } from "../define-entity.ts";
import { lines, list, present } from "../legacy-sql.ts";
import { RowRejected } from "../row-errors.ts";
import { flag, id, link, optionalReference, optionalText, reference } from "../row-fields.ts";
import { practiceMemberExamples } from "./practice-members.examples.ts";

/** Who works in which practice. A pair has one row: the lowest source id wins. */
export const practiceMembers = defineEntity({
  name: "practice_members",
  parents: { practices: [], profiles: [] },
  source: {
    table: "dispatch_office_doctors",
    key: "id",
    alias: "d",
    needs: {
      legacy_id: [["dispatch_office_doctors.id"]],
      practice_id: [["dispatch_office_doctors.office_id", "dispatch_office.id"]],
      profile_id: [["dispatch_office_doctors.user_id", "auth_user.id"]],
      is_active: [["auth_user.is_active"]],
    },
    query: (shape) =>
      lines(
        `select ${list(
          "d.id, d.office_id, (o.id is not null) as office_in_source",
          "d.user_id, (u.id is not null) as user_in_source, u.is_active",
          shape.has("dispatch_office", "doctor_id") && "o.doctor_id as owner_id",
          present(shape, "dispatch_office_doctors", "d", ["created_at", "updated_at"]),
          "(first.id is not null) as duplicate",
        )}`,
        "from dispatch_office_doctors d",
        "left join dispatch_office o on o.id = d.office_id",
        "left join auth_user u on u.id = d.user_id",
        "left join lateral (select x.id from dispatch_office_doctors x",
        "  where x.office_id = d.office_id and x.user_id = d.user_id and x.id < d.id limit 1) first on true",
      ),
  },
  target: {
    table: "practice_members",
    key: "legacy_id",
    alsoUnique: ["practice_id", "profile_id"],
    inactiveWhenGone: "is_active",
    columns: {
      legacy_id: { type: "integer", filled: true, unique: true },
      practice_id: { type: "uuid", required: true, references: "practices" },
      profile_id: { type: "uuid", required: true, references: "profiles" },
      role: { type: "text", filled: true },
      is_active: { type: "boolean", filled: true },
      created_at: { type: "timestamptz", required: true, default: "now()" },
      updated_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  recognition: {
    keys: [["practice_id", "profile_id"]],
    sameParents: ["practice_id", "profile_id"],
  },
  rowCostMs: 0.76,
  row: z.object({
    id,
    office_id: reference,
    office_in_source: flag,
    user_id: reference,
    user_in_source: flag,
    owner_id: optionalReference,
    is_active: flag,
    duplicate: flag,
    created_at: optionalText,
    updated_at: optionalText,
  }),
  links: (row) => ({
    practice_id: link("practices", row.office_id, row.office_in_source),
    profile_id: link("profiles", row.user_id, row.user_in_source),
  }),
  map(row, to) {
    if (row.duplicate === true) throw new RowRejected("duplicate_membership", null);
    const practice = to.parent("practice_id");
    if (practice === null) throw new RowRejected("practice_id_missing", "practice_id");
    const profile = to.parent("profile_id");
    if (profile === null) throw new RowRejected("profile_id_missing", "profile_id");
    const created_at = to.instant(row.created_at, "created_at");
    return {
      legacy_id: row.id,
      practice_id: practice.id,
      profile_id: profile.id,
      role: row.owner_id === row.user_id ? "owner" : "doctor",
      is_active: row.is_active ?? false,
      created_at,
      updated_at: to.instant(row.updated_at, "updated_at") ?? created_at,
    };
  },
  examples: practiceMemberExamples,
});
