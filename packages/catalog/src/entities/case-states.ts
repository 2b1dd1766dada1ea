import { z } from "zod";
import { defineEntity } from "../define-entity.ts";
import type { Mapping } from "../entity.ts";
import {
  CHAIN,
  chainOf,
  firstOf,
  firstRow,
  hasChain,
  inSource,
  lines,
  list,
} from "../legacy-sql.ts";
import { RowRejected } from "../row-errors.ts";
import {
  code,
  flag,
  id,
  link,
  optionalCode,
  optionalFlag,
  reference,
  text,
} from "../row-fields.ts";
import { isOn } from "../source-conversions.ts";
import type { SourceShape } from "../source-shape.ts";
import { caseStateExamples } from "./case-states.examples.ts";

/** The history of a case: who put it into which state, and when. */
export const caseStates = defineEntity({
  name: "case_states",
  parents: { cases: ["practice_id"], practices: [], profiles: [] },
  source: {
    table: "dispatch_state",
    key: "id",
    alias: "s",
    needs: {
      legacy_id: [["dispatch_state.id"]],
      case_id: [
        ["dispatch_state.project_id", "dispatch_project.id"],
        ["dispatch_state.instruction_id", "dispatch_project.id", ...CHAIN],
      ],
      to_state: [["dispatch_state.status"]],
      changed_by: [["dispatch_state.actor_id", "auth_user.id"]],
      created_at: [["dispatch_state.changed_at"]],
    },
    query,
  },
  target: {
    table: "case_states",
    key: "legacy_id",
    columns: {
      legacy_id: { type: "integer", filled: true, unique: true },
      case_id: { type: "uuid", required: true, references: "cases" },
      practice_id: { type: "uuid", references: "practices" },
      from_state: { type: "case_state_enum" },
      to_state: { type: "case_state_enum", filled: true },
      changed_by: { type: "uuid", references: "profiles" },
      reason: { type: "text" },
      created_at: { type: "timestamptz", required: true, default: "now()" },
    },
  },
  content: "case_state",
  followsCase: true,
  recognition: { sameParents: ["case_id"] },
  rowCostMs: 0.36,
  row: z.object({
    id,
    status: code,
    on: optionalFlag,
    changed_at: text,
    actor_id: reference,
    actor_in_source: flag,
    project_id: reference,
    project_in_source: flag,
    has_previous: flag,
    previous_status: optionalCode,
    previous_on: optionalFlag,
  }),
  links: (row) => ({
    case_id: link("cases", row.project_id, row.project_in_source),
    changed_by: link("profiles", row.actor_id, row.actor_in_source),
  }),
  map(row, to) {
    const owner = to.parent("case_id");
    if (owner === null) throw new RowRejected("case_unresolved", "case_id");
    return {
      legacy_id: row.id,
      case_id: owner.id,
      practice_id: owner.practice_id ?? null,
      changed_by: to.parentId("changed_by"),
      from_state:
        row.has_previous === true
          ? stateOf(row.previous_status, row.previous_on, "from_state", to)
          : null,
      to_state: stateOf(row.status, row.on, "to_state", to),
      reason: reasonOf(row.status, row.on, to),
      created_at: to.instant(row.changed_at, "created_at"),
    };
  },
  examples: caseStateExamples,
});

type Code = string | number | null | undefined;
type Switch = boolean | null | undefined;

function stateOf(status: Code, on: Switch, column: string, to: Mapping): string {
  return to.code(on === false ? "to_state_off" : "to_state", status, column);
}

function reasonOf(status: Code, on: Switch, to: Mapping): string | null {
  const code = typeof status === "number" ? String(status) : to.text(status, "reason");
  if (code === null) return null;
  if (on === null || on === undefined) return `legacy status ${code}`;
  return `legacy status ${code} ${on ? "on" : "off"}`;
}

function query(shape: SourceShape): string {
  const named = shape.has("dispatch_state", "project_id") && "s.project_id";
  const chained = shape.has("dispatch_state", "instruction_id") && hasChain(shape);
  const hasSwitch = shape.has("dispatch_state", "on");
  const project = firstOf(named, chained && "placed.project_id") ?? "null::int";
  return lines(
    `select ${list(
      "s.id, s.status, s.changed_at, s.actor_id",
      inSource("auth_user", "s.actor_id", "actor"),
      hasSwitch && 's."on"',
      `${project} as project_id`,
      inSource("dispatch_project", project, "project"),
      "(previous.id is not null) as has_previous, previous.status as previous_status",
      hasSwitch && 'previous."on" as previous_on',
    )}`,
    "from dispatch_state s",
    chained &&
      `left join lateral (${projectOfInstruction(shape, "s.instruction_id")}) placed on true`,
    `left join lateral (${previousState(shape, chained, project)}) previous on true`,
  );
}

/** Among the plans of an instruction, a project whose chain is this instruction: never another patient's. */
function projectOfInstruction(shape: SourceShape, instruction: string): string {
  const family = shape.family("dispatch_plan", "original");
  const from = lines(
    "from dispatch_plan own",
    `join lateral (${chainOf(shape, "own.project_id")}) chain on chain.instruction_id = own.instruction_id`,
    `where own.instruction_id = ${instruction}`,
  );
  return firstRow(["own.project_id"], from, [
    family !== undefined && [isOn("own.original", family), "desc"],
    ["own.id", "asc"],
  ]);
}

/**
 * The row before this one in the history of its case: by project where states name it, by instruction where they do
 * not. A case has one instruction, its chain's, so either finds them all.
 */
function previousState(shape: SourceShape, chained: boolean, project: string): string {
  const named = shape.has("dispatch_state", "project_id");
  const same = chained ? "x.instruction_id = s.instruction_id" : "x.project_id = s.project_id";
  return lines(
    "select x.* from dispatch_state x",
    named && chained && instructionOfCase(shape, project),
    `where ${named && chained ? sameCase(project) : same} and (x.changed_at, x.id) < (s.changed_at, s.id)`,
    "order by x.changed_at desc, x.id desc limit 1",
  );
}

/** Where states may name either: those that name the project, and those that name only the instruction placed in it. */
function sameCase(project: string): string {
  return `(x.project_id = ${project} or (x.project_id is null and x.instruction_id = held.instruction_id))`;
}

function instructionOfCase(shape: SourceShape, project: string): string {
  return lines(
    `left join lateral (select led.instruction_id from (${chainOf(shape, project)}) as led`,
    `join lateral (${projectOfInstruction(shape, "led.instruction_id")}) home on home.project_id = ${project}) held on true`,
  );
}
