/** Ways around row level security in words: names and roles, never a definition. */
import type { Review } from "./reviews.ts";

export interface Opening {
  readonly oid: number;
  readonly kind:
    | "view"
    | "materialized view"
    | "table with a rule"
    | "foreign table"
    | "related table"
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

/** What it shows, and to whom. */
export function openTo({ kind, name, shows }: Opening, roles: readonly string[]): string {
  const more = shows.length > NAMES ? ` and ${shows.length - NAMES} more` : "";
  const whom = roles.map((role) => (role === "public" ? "everybody" : role)).join(", ");
  return `${kind} ${name} shows ${shows.slice(0, NAMES).join(", ")}${more} of all practices to ${whom}`;
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
    function: `run "alter routine ${name} security invoker" or ${revoke}`,
    "trigger function": `run "alter routine ${name} security invoker", or drop its triggers`,
  };
  const right =
    review === undefined ? "" : `; or, if it shows each caller only what is theirs: "${review.sql}"`;
  return `${ways[kind]}${right}`;
}

function quoted(role: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
}
