import { z } from "zod";
import { defineEntity } from "../define-entity.ts";
import type { Mapping } from "../entity.ts";
import { jsonObject } from "../json.ts";
import { allOf, lines, list, present } from "../legacy-sql.ts";
import {
  code,
  id,
  link,
  optionalCode,
  optionalFlag,
  optionalIds,
  optionalReference,
  optionalText,
  text,
} from "../row-fields.ts";
import type { SourceShape } from "../source-shape.ts";
import { workflowTemplateExamples } from "./workflow-templates.examples.ts";

/** The tasks of workflows, shared by all practices or belonging to one. */
export const workflowTemplates = defineEntity({
  name: "workflow_templates",
  parents: { practices: [] },
  source: {
    table: "dispatch_template",
    key: "id",
    alias: "t",
    needs: {
      legacy_id: [["dispatch_template.id"]],
      name: [["dispatch_template.task_name"]],
      steps: [["dispatch_template.function"]],
    },
    query,
  },
  target: {
    table: "workflow_templates",
    key: "legacy_id",
    columns: {
      legacy_id: { type: "integer", filled: true, unique: true },
      practice_id: { type: "uuid", references: "practices" },
      name: { type: "text", filled: true },
      case_type: { type: "case_type_enum", filled: true },
      steps: { type: "jsonb", required: true, default: "'[]'" },
      is_active: { type: "boolean", required: true, default: "true" },
      created_at: { type: "timestamptz", required: true, default: "now()" },
      updated_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  content: "workflow_template",
  sharedWithoutPractice: true,
  recognition: { keys: [["name", "practice_id"]], sameParents: ["practice_id"] },
  rowCostMs: 3.1,
  row: z.object({
    id,
    office_id: optionalReference,
    office_in_source: optionalFlag,
    task_name: text,
    action_name: optionalText,
    function: code,
    status: optionalCode,
    duration: optionalCode,
    category: optionalText,
    course: optionalText,
    predecessors: optionalIds,
    created_at: optionalText,
    updated_at: optionalText,
  }),
  links: (row) => ({ practice_id: link("practices", row.office_id, row.office_in_source) }),
  map(row, to) {
    const name = to.text(row.task_name, "name");
    if (name === null) to.note("name_missing", "name");
    const action = to.text(row.action_name, "steps") ?? name;
    const { function: job, status, duration, predecessors } = row;
    const category = to.text(row.category, "steps");
    const step = jsonObject({ action, function: job, status, duration, category, predecessors });
    const created_at = to.instant(row.created_at, "created_at");
    return {
      legacy_id: row.id,
      practice_id: to.parentId("practice_id"),
      name: name ?? `Template ${row.id}`,
      case_type: caseTypeOf(row.course, to),
      steps: `[${step?.json ?? "{}"}]`,
      is_active: true,
      created_at,
      updated_at: to.instant(row.updated_at, "updated_at") ?? created_at,
    };
  },
  examples: workflowTemplateExamples,
});

/** No course is usual for a shared task, and nothing to note. */
function caseTypeOf(course: string | null | undefined, to: Mapping): string {
  const name = to.text(course, "case_type");
  return name === null ? to.codes.maps.course.default : to.code("course", name, "case_type");
}

function query(shape: SourceShape): string {
  const has = (column: string) => shape.has("dispatch_template", column);
  const hasCourse = has("course_id") && shape.has("dispatch_course", "name");
  const hasCategory = has("category_id") && shape.has("dispatch_category", "name");
  return lines(
    `select ${list(
      "t.id, t.task_name, t.function",
      present(shape, "dispatch_template", "t", [
        "action_name",
        "status",
        "duration",
        "office_id",
        "created_at",
        "updated_at",
      ]),
      has("office_id") && "(o.id is not null) as office_in_source",
      hasCourse && "course.name as course",
      hasCategory && "category.name as category",
      shape.has("dispatch_template_predecessors", "to_template_id") &&
        `(select ${allOf("x.to_template_id")} from dispatch_template_predecessors x where x.from_template_id = t.id) as predecessors`,
    )}`,
    "from dispatch_template t",
    has("office_id") && "left join dispatch_office o on o.id = t.office_id",
    hasCourse && "left join dispatch_course course on course.id = t.course_id",
    hasCategory && "left join dispatch_category category on category.id = t.category_id",
  );
}
