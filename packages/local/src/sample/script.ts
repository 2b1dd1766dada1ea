/**
 * The sample's script: SQL files from `sql/`, in order, with the options before them as functions.
 */
import { readFileSync } from "node:fs";
import { amounts } from "./counts.ts";

/** `real`: as the legacy system is believed to be. `reported`: as the stakeholder report describes it. */
export type Shape = "real" | "reported";

export interface ScriptOptions {
  readonly shape: Shape;
  readonly scale: number;
  readonly seed: number;
  readonly schema: string;
  readonly dirt: "usual" | "dangling";
  readonly markers: "none" | "canaries";
  readonly marked: number;
}

export interface MutationOptions {
  readonly shape: Shape;
  readonly seed: number;
  readonly schema: string;
  readonly share: number;
}

const file = (name: string): string =>
  readFileSync(new URL(`../../sql/${name}.sql`, import.meta.url), "utf8");

const schemaFile = { real: "legacy-schema", reported: "legacy-schema-reported" } as const;
const fills = {
  real: ["people", "users", "real", "real-orders"],
  reported: ["people", "users", "reported"],
} as const;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The tables of a shape, parents first. */
export const tablesOf = (shape: Shape): string[] =>
  [...file(schemaFile[shape]).matchAll(/^create table (\w+)/gim)].map(([, name]) => name ?? "");

/** The whole sample as one text of many statements: sent at once, it is one transaction and leaves nothing behind when it fails. */
export const sampleScript = (options: ScriptOptions): string => {
  const { shape, scale, schema } = options;
  const ddl = file(schemaFile[shape]);
  const constraints = ddl.search(/^(alter table|create index)/im);
  return [
    `create schema if not exists ${quoted(schema)};`,
    tools(options, amountFunction(scale), tablesFunction(shape), markedFunction(options.marked)),
    ddl.slice(0, constraints),
    ...fills[shape].map((name) => file(`sample/${name}`)),
    options.markers === "canaries" ? file("sample/canaries") : "",
    "set constraints all immediate;",
    ddl.slice(constraints),
    options.dirt === "dangling" ? file("sample/dangling") : "",
    file("sample/finish"),
    `analyze ${tablesOf(shape).join(", ")};`,
    dropTools,
  ].join("\n");
};

/** Changes a share of the rows, in one transaction. Leaves what changed in sample_tools.changes, for the caller to read and drop. */
export const mutationScript = (options: MutationOptions): string =>
  [
    tools(options, shareFunction(options.share)),
    file("sample/mutate"),
    file(`sample/mutate-${options.shape}`),
  ].join("\n");

export const dropTools = "drop schema sample_tools cascade;";

/** The generator's functions in a schema of their own, made from constants, which the planner folds. */
const tools = (
  { schema, seed }: { schema: string; seed: number },
  ...functions: string[]
): string =>
  [
    "set local client_min_messages = warning;",
    "drop schema if exists sample_tools cascade; create schema sample_tools;",
    "set local search_path to sample_tools;",
    `create function seed() returns bigint language sql immutable as $$ select ${BigInt(seed)}::bigint $$;`,
    ...functions,
    file("sample/dice-and-dirt"),
    `set local search_path to ${quoted(schema)}, sample_tools;`,
  ].join("\n");

const amountFunction = (scale: number): string => {
  const cases = Object.entries(amounts(scale)).map(([what, rows]) => `when '${what}' then ${rows}`);
  return `create function amount(what text) returns int language sql immutable as $$ select case what ${cases.join(" ")} end $$;`;
};

const tablesFunction = (shape: Shape): string => {
  const tables = tablesOf(shape).map((name) => `'${name}'`);
  return `create function sample_tables() returns text[] language sql immutable as $$ select array[${tables.join(", ")}] $$;`;
};

const markedFunction = (marked: number): string =>
  `create function marked() returns int language sql immutable as $$ select ${BigInt(marked)}::int $$;`;

const shareFunction = (share: number): string =>
  `create function share() returns numeric language sql immutable as $$ select ${share.toFixed(9)} $$;`;
