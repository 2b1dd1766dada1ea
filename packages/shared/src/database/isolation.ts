/**
 * Row level security: which rows of a practice its people see, and that nobody else sees any.
 * A plan like that of the tables: what is missing is added, strangers' policies that open a table are listed, nothing of theirs is dropped.
 */
import { type Guard, guardOf, type Policy } from "./existing-guard.ts";
import { type Change, conflict, joined, type Plan } from "./extension-plan.ts";
import { myPractices } from "./my-practices.ts";
import type { Queryable } from "./pool.ts";
import { functionChange } from "./stored-function.ts";
import type { WantedTable } from "./target-schema.ts";
import type { TenantRoles } from "./tenant-roles.ts";

/** Evaluated once per statement and used as an index condition: 1.7 ms where a function per row took 21 s (500,000 rows). */
const AMONG_MINE = "= any(array(select migration.my_practices()))";
const ANY_MINE = "exists (select migration.my_practices())";

/** Tables that are there already. `db` is a transaction with an empty search path. */
export async function planIsolation(
  db: Queryable,
  tables: readonly WantedTable[],
  roles: TenantRoles,
): Promise<Plan> {
  const made = await functionChange(db, myPractices);
  const plans: Plan[] = [{ changes: made === undefined ? [] : [made], conflicts: [] }];
  plans.push({ changes: await ledgerChanges(db, roles), conflicts: [] });
  for (const table of tables) plans.push(await tablePlan(db, table, roles));
  return joined(plans);
}

/** Tenants call `my_practices` through the policies only: of schema migration they may use nothing by name. */
async function ledgerChanges(db: Queryable, { readers, member }: TenantRoles): Promise<Change[]> {
  const { rows } = await db.query<{ open: boolean; callable: boolean | null }>(
    `select exists (select from unnest($1::text[]) reader where has_schema_privilege(reader, 'migration', 'usage, create')) as open,
            (select has_function_privilege($2, oid, 'execute') from pg_proc
              where pronamespace = 'migration'::regnamespace and proname = 'my_practices' and pronargs = 0) as callable`,
    [readers, member],
  );
  const close = `revoke all on schema migration from ${["public", ...readers].join(", ")} cascade`;
  const permit = `grant execute on function migration.my_practices() to ${member}`;
  return [
    ...(rows[0]?.open === true ? [{ sql: close, says: "closed schema migration to tenants" }] : []),
    ...(member !== undefined && rows[0]?.callable !== true ? [{ sql: permit }] : []),
  ];
}

async function tablePlan(db: Queryable, wanted: WantedTable, roles: TenantRoles): Promise<Plan> {
  const table = `public.${wanted.name}`;
  const guard = await guardOf(db, table, roles.readers);
  if (guard === undefined) return { changes: [], conflicts: [] };
  const ours = wantedPolicies(wanted, guard.owner, roles.member);
  const names = new Set(ours.map(({ name }) => name));
  const strangers = guard.policies.filter(
    ({ name, opens, binds }) => !names.has(name) && (opens || binds),
  );
  const changes = [
    ...switches(table, guard),
    ...policyChanges(table, ours, guard.policies),
    ...privileges(table, guard, roles.readers),
  ];
  return joined([
    { changes: together(table, changes), conflicts: [] },
    ...strangers.map((policy) => conflict(objection(table, policy))),
  ]);
}

function together(table: string, changes: readonly Required<Change>[]): Change[] {
  if (changes.length === 0) return [];
  const says = `row level security of ${table}: ${changes.map((change) => change.says).join(", ")}`;
  return [{ sql: changes.map(({ sql }) => sql).join("; "), says }];
}

function objection(table: string, { name, opens }: Policy): string {
  const what = opens
    ? "shows rows to tenants beside those of their practices"
    : "hides rows from the migration";
  return `policy "${name}" of ${table} ${what}: drop that policy`;
}

/** Forced, so that what the worker may is written down, too: without its policy, its own tables would be empty to it. */
function switches(table: string, { enabled, forced }: Guard): Required<Change>[] {
  if (enabled && forced) return [];
  return [
    {
      sql: `alter table ${table} enable row level security, force row level security`,
      says: "switched on",
    },
  ];
}

type WantedPolicy = Pick<Policy, "name" | "roles" | "command" | "condition" | "check">;

function wantedPolicies(
  table: WantedTable,
  owner: string,
  member: string | undefined,
): WantedPolicy[] {
  const worker: WantedPolicy = {
    name: "nexus_worker",
    roles: owner,
    command: "all",
    condition: "true",
    check: "true",
  };
  const condition = visible(table);
  if (member === undefined || condition === undefined) return [worker];
  return [
    worker,
    { name: "nexus_tenant", roles: member, command: "select", condition, check: null },
  ];
}

/** Undefined for a table that belongs to no practice: then nobody sees it. */
function visible({ name, columns, shared }: WantedTable): string | undefined {
  if (name === "practices") return `id ${AMONG_MINE}`;
  if (!columns.some((column) => column.name === "practice_id")) return undefined;
  const mine = `practice_id ${AMONG_MINE}`;
  if (shared === undefined) return mine;
  return `${mine} or (practice_id is null and ${shared === "true" ? "" : `(${shared}) and `}${ANY_MINE})`;
}

function policyChanges(
  table: string,
  wanted: readonly WantedPolicy[],
  existing: readonly Policy[],
): Required<Change>[] {
  return wanted.flatMap((policy) => {
    const found = existing.find(({ name }) => name === policy.name);
    if (found !== undefined && same(policy, found)) return [];
    const drop = found === undefined ? "" : `drop policy ${policy.name} on ${table}; `;
    const check = policy.check === null ? "" : ` with check (${policy.check})`;
    return [
      {
        sql: `${drop}create policy ${policy.name} on ${table} for ${policy.command} to ${policy.roles} using (${policy.condition})${check}`,
        says: `${found === undefined ? "created" : "replaced"} policy ${policy.name}`,
      },
    ];
  });
}

function same(wanted: WantedPolicy, found: Policy): boolean {
  return (
    found.permissive &&
    found.roles === wanted.roles &&
    found.command === wanted.command &&
    bare(found.condition) === bare(wanted.condition) &&
    bare(found.check) === bare(wanted.check)
  );
}

/** PostgreSQL prints conditions with its own brackets, casts and aliases, which differ between versions. */
function bare(condition: string | null): string | undefined {
  return condition?.toLowerCase().replaceAll(/ as my_practices\b|::text|[\s()]/g, "");
}

function privileges(
  table: string,
  { open, readable }: Guard,
  readers: readonly string[],
): Required<Change>[] {
  if (!open && readable) return [];
  const roles = ["public", ...readers].join(", ");
  const grant = readers.length === 0 ? "" : `; grant select on ${table} to ${readers.join(", ")}`;
  return [
    {
      sql: `revoke all on ${table} from ${roles} cascade${grant}`,
      says: "left tenants nothing but reading",
    },
  ];
}
