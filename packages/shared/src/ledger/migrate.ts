/** Brings a target to the schema of this release: the ledger, the enums, the tables. Adds and extends, never drops or rewrites. */
import type { Entity } from "@nexus/catalog";
import { ConfigurationError } from "../config/failure.ts";
import { planExtension } from "../database/extend.ts";
import type { Change, Plan } from "../database/extension-plan.ts";
import { errorCode, nextStep } from "../database/failures.ts";
import { planIsolation } from "../database/isolation.ts";
import { strangerLedger } from "../database/ledger-owner.ts";
import { openings } from "../database/openings.ts";
import type { Client, Pool, Queryable } from "../database/pool.ts";
import { reachTarget } from "../database/reach.ts";
import { applyVersions, newerVersions, versionsIn } from "../database/schema-versions.ts";
import { makeTenantRoles, tenantRoles } from "../database/tenant-roles.ts";
import { logged } from "../database/server-log.ts";
import {
  embeddingsTable,
  targetEnums,
  targetTables,
  type WantedTable,
} from "../database/target-schema.ts";
import { inTransaction, LONG_MS } from "../database/transaction.ts";
import { type VectorExtension, vectorExtension } from "../database/vector-extension.ts";
import { followPractice } from "./case-practice.ts";
import { followContent } from "./content-vectors.ts";
import { offerToDify } from "./dify-triggers.ts";
import { noteMovedParents } from "./moved-parents.ts";
import { fixIdNamespace } from "./id-namespace.ts";

export interface Migration {
  readonly target: Pool;
  /** Parents before children. */
  readonly entities: readonly Entity[];
  /** A UUID for all new ids of this target. Absent: the stored one, or a new random one. */
  readonly idNamespace?: string | undefined;
}

export interface Migrated {
  /** What was done, a plain line each; empty when the target was up to date. */
  readonly applied: readonly string[];
  /** What could not be made here and is not needed to load, with the reason. */
  readonly leftOut: readonly string[];
  /** What others have put there, or how their server is set, that keeps services from starting: with what to do. Absent for nothing. */
  readonly toMend?: readonly string[];
}

/** Any two migrations of one target exclude each other. */
const LOCK = 7_014_110_801;

/**
 * Migrates the target in one transaction: repeatable, and safe when two start at once. Where a newer release was, nothing is done.
 * Throws `ConfigurationError` that lists everything that stands in the way (then nothing has changed), or `UnavailableError`.
 */
export async function migrateTarget({
  target,
  entities,
  idNamespace,
}: Migration): Promise<Migrated> {
  await reachTarget(target);
  const story = async (tx: Client): Promise<Migrated> => {
    await tx.query(`select pg_advisory_xact_lock(${LOCK})`);
    await tx.query("set local search_path = ''");
    await requirePrivileges(tx);
    const newer = newerVersions((await versionsIn(tx)) ?? []);
    if (newer.length > 0)
      return {
        applied: [],
        leftOut: [`everything: a newer release was here (${newer.join(", ")})`],
      };
    const vectors = await vectorExtension(tx);
    const tables = wantedTables(entities, vectors);
    const applied = [
      ...(vectors.kind === "ready" && vectors.created ? ["created extension vector"] : []),
      ...(await applyVersions(tx)),
      ...(await fixIdNamespace(tx, idNamespace)),
      ...(await carryOut(tx, await planExtension(tx, targetEnums, tables))),
      ...(await followPractice(tx, entities)),
      ...(await noteMovedParents(tx, entities)),
      ...(await followContent(tx, entities, vectors)),
      ...(await offerToDify(tx, entities)),
      ...(await makeTenantRoles(tx)),
      ...(await carryOut(tx, await planIsolation(tx, tables, await tenantRoles(tx)))),
    ];
    const toMend = [...(await openings(tx, entities)).problems, ...(await logged(tx)).problems];
    return {
      applied,
      leftOut: await leftOut(tx, vectors),
      ...(toMend.length > 0 ? { toMend } : {}),
    };
  };
  return await inTransaction(target, story, { statementMs: LONG_MS });
}

async function leftOut(tx: Queryable, vectors: VectorExtension): Promise<string[]> {
  const { lacking } = await tenantRoles(tx);
  return [
    ...(vectors.kind === "absent" ? [`table public.ai_embeddings: ${vectors.reason}`] : []),
    ...(lacking === undefined ? [] : [lacking]),
  ];
}

async function requirePrivileges(tx: Queryable): Promise<void> {
  const strangers = await strangerLedger(tx);
  if (strangers.length > 0) throw mayNot(strangers.join("; "));
  const { rows } = await tx.query<{ privilege: string }>(
    `select format('grant create on database %I to %I', current_database(), current_user) as privilege
      where to_regnamespace('migration') is null and not has_database_privilege(current_database(), 'create')
     union all
     select format('grant usage, create on schema migration to %I', current_user)
      where not (has_schema_privilege(to_regnamespace('migration'), 'usage') and has_schema_privilege(to_regnamespace('migration'), 'create'))
     union all
     select format('grant usage, create on schema public to %I', current_user)
      where not (has_schema_privilege('public', 'usage') and has_schema_privilege('public', 'create'))`,
  );
  if (rows.length === 0) return;
  const grants = rows.map(({ privilege }) => `"${privilege}"`).join(" and ");
  throw mayNot(`run ${grants}`);
}

function mayNot(says: string): ConfigurationError {
  return new ConfigurationError(
    `the role of TARGET_URL may not migrate, nothing was changed: ${says}`,
  );
}

function wantedTables(entities: readonly Entity[], vectors: VectorExtension): WantedTable[] {
  const tables = targetTables(entities);
  const hasPractices = tables.some(({ name }) => name === "practices");
  return vectors.kind === "ready" && hasPractices
    ? [...tables, embeddingsTable(vectors.schema, entities)]
    : tables;
}

async function carryOut(tx: Client, { changes, conflicts }: Plan): Promise<string[]> {
  if (conflicts.length > 0)
    throw new ConfigurationError(
      `the target cannot be extended, nothing was changed: ${conflicts.join("; ")}`,
    );
  for (const change of changes) await make(tx, change);
  return changes.flatMap(({ says }) => says ?? []);
}

async function make(tx: Queryable, { sql, says }: Change): Promise<void> {
  try {
    await tx.query(sql);
  } catch (cause) {
    if (nextStep(cause) === "wait" || nextStep(cause) === "retry") throw cause;
    throw new ConfigurationError(
      `the target cannot be extended, nothing was changed: "${says ?? sql}" failed with SQLSTATE ${errorCode(cause) ?? "unknown"}`,
      { cause },
    );
  }
}
