/** Ways around row level security in words: names and roles, never a definition. */
import type { Review } from "./reviews.ts";
import type { UnguardedTable } from "./unguarded-tables.ts";

export interface Opening {
  readonly oid: number;
  readonly kind:
    | "view"
    | "materialized view"
    | "table with a rule"
    | "foreign table"
    | "related table"
    | "likely copy"
    | "function"
    | "trigger function";
  readonly name: string;
  /** Tables of ours. */
  readonly shows: readonly string[];
  /** Of a trigger function: relations whose writers have it run. */
  readonly fires: readonly number[];
}

/** Names said of a function that may read all tables. */
const NAMES = 3;

/** Tables named in one note. */
const TABLES = 20;

/** What it shows, and to whom. */
export function openTo({ kind, name, shows }: Opening, roles: readonly string[]): string {
  const more = shows.length > NAMES ? ` and ${shows.length - NAMES} more` : "";
  return `${kind} ${name} shows ${shows.slice(0, NAMES).join(", ")}${more} of all practices to ${named(roles)}`;
}

/** Tables that look like none of ours, in one note: whether their rows are of one practice each, only a person knows. */
export function withoutGuard(tables: readonly UnguardedTable[]): string[] {
  if (tables.length === 0) return [];
  const readers = [...new Set(tables.flatMap((table) => table.readers))].sort();
  const shown = tables.slice(0, TABLES).map(({ name }) => name);
  const more = tables.length > TABLES ? ` and ${tables.length - TABLES} more` : "";
  return [
    `tables that are not ours show all their rows to ${named(readers)}: ${shown.join(", ")}${more}: where they hold rows of practices, ` +
      `run "alter table ${shown[0]} enable row level security" (and add policies) or "revoke all on ${shown[0]} from ${readers.map(quoted).join(", ")}"`,
  ];
}

function named(roles: readonly string[]): string {
  return roles.map((role) => (role === "public" ? "everybody" : role)).join(", ");
}

/** What closes it. `roles`: the tenants' roles, and those to whom it is open. */
export function remedyOf(
  { kind, name }: Opening,
  roles: readonly string[],
  review: Review | undefined,
): string {
  const from = [...new Set(["public", ...roles])].map(quoted).join(", ");
  const revoke = `"revoke all on ${kind.endsWith("function") ? "routine " : ""}${name} from ${from}"`;
  const ways: Readonly<Record<Opening["kind"], string>> = {
    view: `run "alter view ${name} set (security_invoker = true)" or ${revoke}`,
    "materialized view": `run ${revoke}`,
    "table with a rule": `run ${revoke}, or drop the rule`,
    "foreign table": `run ${revoke}`,
    "related table": `run "alter table ${name} enable row level security" or ${revoke}`,
    "likely copy": `drop it, or run "alter table ${name} enable row level security" or ${revoke}`,
    function: `run "alter routine ${name} security invoker" or ${revoke}`,
    "trigger function": `run "alter routine ${name} security invoker", or drop its triggers`,
  };
  const right =
    review === undefined
      ? ""
      : `; or, if it shows each caller only what is theirs: "${review.sql}"`;
  return `${ways[kind]}${right}`;
}

function quoted(role: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
}
