/** Pieces of extraction SQL that several entities share. Everything is looked up per row, through indexes. */
import type { Within } from "./entity.ts";
import { isNotOff, isNotOn, isOn } from "./source-conversions.ts";
import { quoted, type SourceShape } from "./source-shape.ts";

type Piece = string | false | null;

/** A statement of the pieces that exist, one a line. */
export function lines(...pieces: readonly Piece[]): string {
  return pieces.filter((piece) => typeof piece === "string").join("\n");
}

/** A select list of the pieces that exist. */
export function list(...pieces: readonly Piece[]): string {
  return pieces.filter((piece) => typeof piece === "string").join(", ");
}

/** Of these columns those that the source has, as a piece of a select list; null where it has none. */
export function present(
  shape: SourceShape,
  table: string,
  alias: string,
  columns: readonly string[],
): string | null {
  const found = columns
    .filter((column) => shape.has(table, column))
    .map((column) => `${alias}.${quoted(column)}`);
  return found.length === 0 ? null : found.join(", ");
}

/**
 * Whether a parent is in the source, as a piece of a select list: true or NULL. One index lookup per row; a join
 * would make PostgreSQL hash the whole parent table for each range.
 */
export function inSource(table: string, reference: string, name: string): string {
  return `(select true from ${table} parent where parent.id = ${reference}) as ${name}_in_source`;
}

/** The first of the clauses that exist and is not NULL; null where none exists. */
export function firstOf(...clauses: readonly Piece[]): string | null {
  const found = clauses.filter((clause) => typeof clause === "string");
  return found.length < 2 ? (found[0] ?? null) : `coalesce(${found.join(", ")})`;
}

/**
 * All values of a column of numbers, in order. The plus makes of a domain the type that it stands for: there are no arrays of domains
 * before PostgreSQL 11, and later ones have types of their own, which nobody here can read.
 */
export function allOf(column: string): string {
  return `array_agg(+${column} order by ${column})`;
}

/** Columns of a row whose values are not asked for. */
export function blank(...columns: readonly string[]): string {
  return columns.map((column) => `null as ${column}`).join(", ");
}

/** The first of these columns that exists and is not NULL; null where none exists. */
export function firstPresent(
  shape: SourceShape,
  table: string,
  alias: string,
  columns: readonly string[],
): string | null {
  return firstOf(
    ...columns.filter((column) => shape.has(table, column)).map((column) => `${alias}.${column}`),
  );
}

/** What rows are ordered by, first things first: an expression and a direction. */
export type Order = readonly (readonly [expression: string, direction: "asc" | "desc"] | false)[];

/**
 * The first of the few rows that an index finds: `values` (`alias.column`) of the row of `from … where …` that is first in `order`.
 * The rows are found before they are ordered (`offset 0`): a planner that knows nothing of a table believes that it comes upon one
 * soon on its way through the primary key, and walks through all of it (a never-analysed source took six times as long).
 */
export function firstRow(values: readonly string[], from: string, order: Order): string {
  const ranks = order.filter((one) => one !== false);
  const selected = [...values, ...ranks.map(([expression], n) => `${expression} as rank_${n}`)];
  const sorted = ranks.map(
    ([, direction], n) => `found.rank_${n}${direction === "desc" ? " desc" : ""}`,
  );
  return lines(
    `select ${values.map((value) => value.replace(/^\w+/, "found")).join(", ")} from (`,
    `select ${selected.join(", ")} ${from} offset 0) found`,
    `order by ${sorted.join(", ")} limit 1`,
  );
}

/** What the chain of a project stands on. */
export const CHAIN: readonly string[] = [
  "dispatch_plan.project_id",
  "dispatch_plan.instruction_id",
  "dispatch_instruction.patient_id",
];

/** Whether a project's patient can be found through its plans. */
export function hasChain(shape: SourceShape): boolean {
  return (
    ["project_id", "instruction_id"].every((column) => shape.has("dispatch_plan", column)) &&
    shape.has("dispatch_instruction", "patient_id")
  );
}

/** The rule of the chain: `original` first, then a not-deleted instruction first, then the lowest plan id. */
function chainOrder(shape: SourceShape): Order {
  return [
    shape.has("dispatch_plan", "original") && [
      isOn("pl.original", shape.family("dispatch_plan", "original")),
      "desc",
    ],
    shape.has("dispatch_instruction", "deleted") && [
      isNotOn("i.deleted", shape.family("dispatch_instruction", "deleted")),
      "desc",
    ],
    ["pl.id", "asc"],
  ];
}

/** The instruction of one project's chain. `project`: an expression of the outer query. */
export function chainOf(shape: SourceShape, project: string): string {
  const from = "from dispatch_plan pl join dispatch_instruction i on i.id = pl.instruction_id";
  return firstRow(
    ["pl.instruction_id", "i.patient_id"],
    `${from} where pl.project_id = ${project}`,
    chainOrder(shape),
  );
}

/**
 * The chains of the projects that are being read: project_id, instruction_id and `columns` of the instruction.
 * All at once is a third cheaper than one by one. `offset 0` keeps each instruction an index lookup: a plain join
 * would scan them all for each range.
 */
export function chainsOf(shape: SourceShape, within: Within, columns: readonly string[]): string {
  return lines(
    `select distinct on (pl.project_id) ${list("pl.project_id, pl.instruction_id", ...columns.map((column) => `i.${column}`))}`,
    "from dispatch_plan pl",
    "cross join lateral (select * from dispatch_instruction where dispatch_instruction.id = pl.instruction_id offset 0) i",
    `where ${within("pl.project_id")}`,
    `order by ${list("pl.project_id", ...chainOrder(shape).map((one) => one && one.join(" ")))}`,
  );
}

/**
 * The office of a user: lowest among the offices where the user is a doctor, else lowest owned (valid offices first in both),
 * else that of the user's own patient row. `user`: an expression of the outer query.
 */
export function officeOfUser(shape: SourceShape, user: string): string {
  const validFirst: Order = [
    shape.has("dispatch_office", "valid") && [
      isNotOff("office.valid", shape.family("dispatch_office", "valid")),
      "desc",
    ],
    ["office.id", "asc"],
  ];
  const members =
    "from dispatch_office_doctors member join dispatch_office office on office.id = member.office_id";
  const clauses = firstOf(
    `(${firstRow(["office.id"], `${members} where member.user_id = ${user}`, validFirst)})`,
    shape.has("dispatch_office", "doctor_id") &&
      `(${firstRow(["office.id"], `from dispatch_office office where office.doctor_id = ${user}`, validFirst)})`,
    shape.has("dispatch_patient", "office_id") &&
      `(${firstRow(["own.office_id"], `from dispatch_patient own where own.user_id = ${user}`, [["own.id", "asc"]])})`,
  );
  return clauses ?? "null::int";
}

/** Whether a user is a doctor of, or owns, another office than `office`. */
export function hasOtherOffice(shape: SourceShape, user: string, office: string): string {
  const owns = `exists (select 1 from dispatch_office owned where owned.doctor_id = ${user} and owned.id <> ${office})`;
  return lines(
    `(exists (select 1 from dispatch_office_doctors member join dispatch_office other on other.id = member.office_id where member.user_id = ${user} and other.id <> ${office})`,
    shape.has("dispatch_office", "doctor_id") && `or ${owns}`,
    ")",
  );
}

/**
 * The office of a patient's project with the highest id that has one; null where projects carry no office.
 * `patient`: an expression of the outer query.
 */
export function patientsOffice(shape: SourceShape, patient: string): string | null {
  if (!shape.has("dispatch_project", "office_id")) return null;
  const direct =
    shape.has("dispatch_project", "patient_id") &&
    `select j.id, j.office_id from dispatch_project j where j.patient_id = ${patient} and j.office_id is not null`;
  const chained = hasChain(shape) && projectsByChain(shape, patient, direct !== false);
  const sources = [direct, chained].filter((source) => source !== false);
  if (sources.length === 0) return null;
  return firstRow(["placed.office_id"], `from (${sources.join("\nunion all\n")}) placed`, [
    ["placed.id", "desc"],
  ]);
}

/** Projects with an office whose chain leads to the patient; where they may also name one, only those that do not. */
function projectsByChain(shape: SourceShape, patient: string, mayName: boolean): string {
  return lines(
    "select j.id, j.office_id from dispatch_instruction i",
    "join dispatch_plan pl on pl.instruction_id = i.id",
    "join dispatch_project j on j.id = pl.project_id",
    `join lateral (${chainOf(shape, "j.id")}) chain on chain.patient_id = i.patient_id`,
    `where i.patient_id = ${patient} and j.office_id is not null`,
    mayName && "and j.patient_id is null",
  );
}
