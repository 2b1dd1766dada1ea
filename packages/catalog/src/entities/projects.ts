import { z } from "zod";
import { defineEntity } from "../define-entity.ts";
import type { Mapping } from "../entity.ts";
import { jsonObject, jsonText } from "../json.ts";
import { blank, inSource, lines, list, present } from "../legacy-sql.ts";
import {
  code,
  flag,
  id,
  link,
  optionalFlag,
  optionalText,
  reference,
  targetKey,
  text,
} from "../row-fields.ts";
import { RowRejected } from "../row-errors.ts";
import { thereIs, versionOf, versionsFrom } from "../row-versions.ts";
import { isInteger } from "../source-shape.ts";
import { projectExamples } from "./projects.examples.ts";

/** Stored 3D file sets. Each stands on the case of the same source row. */
export const projects = defineEntity({
  name: "projects",
  parents: { cases: ["practice_id"], practices: [], profiles: [] },
  source: {
    table: "dispatch_project",
    key: "id",
    legacyId: (shape) => (isInteger(shape, "dispatch_project", "uid") ? "uid" : "id"),
    alias: "j",
    keepsKey: (shape) => !isInteger(shape, "dispatch_project", "uid"),
    needs: {
      legacy_id: [["dispatch_project.id", "dispatch_project.uid"]],
      name: [["dispatch_project.name"]],
      project_type: [["dispatch_project.type"]],
      status: [["dispatch_project.status"]],
      file_size: [["dispatch_project.size"]],
      creator_id: [["dispatch_project.creator_id", "auth_user.id"]],
      created_at: [["dispatch_project.created_at"]],
    },
    query: (shape) =>
      lines(
        `select ${list(
          `${isInteger(shape, "dispatch_project", "uid") ? "j.uid" : "j.id"} as legacy_id`,
          "j.id, j.uid, j.name, j.type, j.status, j.size, j.created_at",
          "j.creator_id",
          inSource("auth_user", "j.creator_id", "creator"),
          present(shape, "dispatch_project", "j", ["public", "updated_at"]),
        )}`,
        "from dispatch_project j",
      ),
    versions: () => [
      versionsFrom(
        "j.id",
        [versionOf("j"), thereIs("creator")],
        "dispatch_project j left join auth_user creator on creator.id = j.creator_id",
      ),
    ],
  },
  target: {
    table: "projects",
    key: "legacy_id",
    archivedIn: "metadata",
    origin: "metadata #>> '{legacy,id}'",
    columns: {
      legacy_id: { type: "integer", filled: true, unique: true },
      case_id: { type: "uuid", required: true, references: "cases" },
      practice_id: { type: "uuid", references: "practices" },
      name: { type: "text", filled: true },
      project_type: { type: "project_type_enum", filled: true },
      status: { type: "project_status_enum", filled: true },
      file_size: { type: "bigint" },
      creator_id: { type: "uuid", references: "profiles" },
      metadata: { type: "jsonb", required: true, default: "'{}'" },
      created_at: { type: "timestamptz", required: true, default: "now()" },
      updated_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  content: "project",
  followsCase: true,
  recognition: {
    keys: [["metadata.legacy.uid"]],
    sameParents: ["case_id"],
    query: (shape) =>
      lines(
        `select ${isInteger(shape, "dispatch_project", "uid") ? "j.uid" : "j.id"} as legacy_id, j.id, j.uid, ${blank("name", "type", "status", "size", "created_at", "creator_id", "creator_in_source")}`,
        "from dispatch_project j",
      ),
  },
  rowCostMs: 0.22,
  row: z.object({
    id,
    legacy_id: targetKey,
    uid: code,
    name: text,
    type: code,
    status: code,
    public: optionalFlag,
    /** A bigint, in digits. */
    size: z.union([z.string().regex(/^-?\d{1,19}$/), z.int()]).nullable(),
    creator_id: reference,
    creator_in_source: flag,
    created_at: text,
    updated_at: optionalText,
  }),
  links: (row) => ({
    case_id: link("cases", row.id, true),
    creator_id: link("profiles", row.creator_id, row.creator_in_source),
  }),
  map(row, to) {
    if (row.legacy_id === null) throw new RowRejected("legacy_id_missing", "legacy_id");
    const owner = to.parent("case_id");
    if (owner === null) throw new RowRejected("case_unresolved", "case_id");
    const created_at = to.instant(row.created_at, "created_at");
    const { id, uid, type, status, public: isPublic } = row;
    return {
      legacy_id: row.legacy_id,
      case_id: owner.id,
      practice_id: owner.practice_id ?? null,
      name: to.text(row.name, "name") ?? `Project ${row.id}`,
      project_type: to.code("project_type", row.type, "project_type"),
      status: to.code("project_status", row.status, "status"),
      file_size: sizeOf(row.size, to),
      creator_id: to.parentId("creator_id"),
      metadata: jsonText({ legacy: jsonObject({ id, uid, type, status, public: isPublic }) }),
      created_at,
      updated_at: to.instant(row.updated_at, "updated_at") ?? created_at,
    };
  },
  examples: projectExamples,
});

/** Bytes, in digits: beyond 2^53 a number would lose some. */
function sizeOf(size: string | number | null, to: Mapping): string | null {
  if (size === null) return null;
  const digits = String(size);
  if (!digits.startsWith("-")) return digits;
  to.note("size_invalid", "file_size");
  return null;
}
