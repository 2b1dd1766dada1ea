/**
 * The legacy codes and what they become, as data. A JSON file can override them at start (`parseCodes`):
 * `{"project_type": {"codes": {"12": "xray"}, "default": "other"}}`.
 */
import { z } from "zod";
import { trimmed } from "./text.ts";

const caseTypes = [
  "initial_consultation",
  "treatment_planning",
  "active_treatment",
  "refinement",
  "retention",
  "emergency",
  "follow_up",
] as const;
const caseStates = [
  "submitted",
  "under_review",
  "planning",
  "approved",
  "in_production",
  "quality_check",
  "shipped",
  "delivered",
  "completed",
  "on_hold",
  "cancelled",
] as const;
const projectTypes = [
  "scan",
  "model",
  "simulation",
  "treatment_plan",
  "aligner_design",
  "impression",
  "xray",
  "photo",
  "document",
  "other",
] as const;
const projectStatuses = [
  "draft",
  "in_progress",
  "review",
  "approved",
  "archived",
  "deleted",
] as const;

/** The target's enum types with their labels, in order. */
export const enums = {
  case_type_enum: caseTypes,
  case_state_enum: caseStates,
  project_type_enum: projectTypes,
  project_status_enum: projectStatuses,
} as const;

interface CodeTable {
  readonly labels: readonly string[];
  readonly default: string;
  readonly codes: Readonly<Record<string, string>>;
}

/** Each map: the labels it may give, what an unknown code becomes, and the codes known. */
const tables = {
  /** A course's name as a case type. Cases try it first and fall back to `case_type`. */
  course: table(caseTypes, "treatment_planning", {
    main: "active_treatment",
    refinement: "refinement",
    replacement: "follow_up",
  }),
  /** A project's type as a case type. */
  case_type: table(caseTypes, "treatment_planning", {
    0: "initial_consultation",
    3: "treatment_planning",
    10: "treatment_planning",
    11: "active_treatment",
  }),
  /** A project's status as the state of its case. */
  case_state: table(caseStates, "submitted", {
    0: "submitted",
    1: "in_production",
    2: "completed",
  }),
  /** The status of a state row that is switched on, or has no switch. */
  to_state: table(caseStates, "submitted", { 11: "on_hold", 12: "cancelled" }),
  /** The status of a state row that is switched off. */
  to_state_off: table(caseStates, "submitted", { 11: "under_review", 12: "under_review" }),
  project_type: table(projectTypes, "other", {
    0: "scan",
    3: "treatment_plan",
    10: "simulation",
    11: "aligner_design",
  }),
  project_status: table(projectStatuses, "draft", { 0: "draft", 1: "in_progress", 2: "approved" }),
};

type MapName = keyof typeof tables;

/** One code map, ready to ask: normalised codes and the labels themselves. */
interface CodeMap {
  readonly default: string;
  readonly known: ReadonlyMap<string, string>;
}

/** All code maps, parsed. Make them with `parseCodes`. */
export interface Codes {
  readonly maps: Readonly<Record<MapName, CodeMap>>;
}

/**
 * The built-in codes with an override laid over them; `undefined` for none.
 * Throws an Error that names each unknown map and each label that the target does not have.
 */
export function parseCodes(override?: unknown): Codes {
  const parsed = overrides.safeParse(override ?? {});
  if (!parsed.success) throw new Error(`codes: ${parsed.error.issues.map(describe).join("; ")}`);
  const ready = (name: MapName): CodeMap => codeMap(tables[name], parsed.data[name]);
  return {
    maps: {
      course: ready("course"),
      case_type: ready("case_type"),
      case_state: ready("case_state"),
      to_state: ready("to_state"),
      to_state_off: ready("to_state_off"),
      project_type: ready("project_type"),
      project_status: ready("project_status"),
    },
  };
}

/** The target label of a code, or undefined where the code is unknown, blank or NULL. */
export function labelOf(
  map: CodeMap,
  code: string | number | null | undefined,
): string | undefined {
  return code === null || code === undefined ? undefined : map.known.get(normal(code));
}

function table(
  labels: readonly string[],
  fallback: string,
  codes: Readonly<Record<string, string>>,
): CodeTable {
  return { labels, default: fallback, codes };
}

const overrides = z.strictObject({
  course: overrideOf(tables.course),
  case_type: overrideOf(tables.case_type),
  case_state: overrideOf(tables.case_state),
  to_state: overrideOf(tables.to_state),
  to_state_off: overrideOf(tables.to_state_off),
  project_type: overrideOf(tables.project_type),
  project_status: overrideOf(tables.project_status),
});

function overrideOf(table: CodeTable) {
  const label = z.enum(table.labels);
  return z
    .strictObject({ default: label.optional(), codes: z.record(z.string(), label).optional() })
    .optional();
}

type Override = z.infer<ReturnType<typeof overrideOf>>;

function codeMap(table: CodeTable, override: Override): CodeMap {
  const known = new Map(table.labels.map((label) => [label, label]));
  for (const [code, label] of Object.entries({ ...table.codes, ...override?.codes }))
    known.set(normal(code), label);
  return { default: override?.default ?? table.default, known };
}

function describe(issue: z.core.$ZodIssue): string {
  return `${issue.path.length === 0 ? "file" : issue.path.join(".")}: ${issue.message}`;
}

const DIGITS = /^\d+$/;

/** Digits as a number is written, anything else in lower case with `_` for spaces and hyphens. */
function normal(code: string | number): string {
  if (typeof code === "number") return String(code);
  const text = trimmed(code) ?? "";
  return DIGITS.test(text)
    ? text.replace(/^0+(?=\d)/, "")
    : text.toLowerCase().replace(/[ -]/g, "_");
}
