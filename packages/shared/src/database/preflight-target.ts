/** Before anything is written: is the target there, new enough, migrated, ours, and does it enforce its constraints? */
import type { Entity } from "@nexus/catalog";
import { ConfigurationError, UnavailableError } from "../config/failure.ts";
import { planExtension } from "./extend.ts";
import type { Plan } from "./extension-plan.ts";
import { errorCode } from "./failures.ts";
import { foreignRules } from "./foreign-rules.ts";
import { planIsolation } from "./isolation.ts";
import { keptLedger, strangerLedger } from "./ledger-owner.ts";
import { openings } from "./openings.ts";
import type { Pool, Queryable } from "./pool.ts";
import { unchangeableTables } from "./published-tables.ts";
import { lostMeanwhile, placeOf, reachTarget } from "./reach.ts";
import { sessionsReplicate } from "./replication-role.ts";
import { ledgerVersions, newerVersions, versionsIn } from "./schema-versions.ts";
import { logged } from "./server-log.ts";
import { embeddingsTable, targetEnums, targetTables } from "./target-schema.ts";
import { tenantRoles } from "./tenant-roles.ts";
import { readTarget } from "./transaction.ts";

const MIGRATE = "run `npm run nexus migrate`";

/** Whoever alters a table keeps everybody from reading what guards it: such a lock is waited for this long. */
const LOCK_MS = 10_000;

/** Throws `UnavailableError`, or one `ConfigurationError` that lists everything that is wrong. Only reads. */
export async function preflightTarget(
  pool: Pool,
  entities: readonly Entity[],
  statementMs = LOCK_MS,
): Promise<void> {
  await reachTarget(pool);
  const problems = await readTarget(pool, (tx) => problemsIn(tx, entities), { statementMs }).catch(
    (cause) => {
      throw ["57014", "55P03"].includes(errorCode(cause) ?? "")
        ? locked(pool, statementMs, cause)
        : lostMeanwhile(pool, "TARGET_URL", cause);
    },
  );
  if (problems.length > 0)
    throw new ConfigurationError(`TARGET_URL (${placeOf(pool)}): ${problems.join("; ")}`);
}

/** What others have put on the tables of a target that is fit, and may reject or change rows. Only reads. */
export async function notesOnTarget(
  pool: Pool,
  entities: readonly Entity[],
): Promise<readonly string[]> {
  return await looked(pool, (tx) => foreignRules(tx, entities));
}

/** Who else may see rows of a target that is fit, in it or in its server's log. Only reads. */
export async function privacyNotes(
  pool: Pool,
  entities: readonly Entity[],
): Promise<readonly string[]> {
  return await looked(pool, async (tx) => [
    ...(await openings(tx, entities)).notes,
    ...(await logged(tx)).notes,
  ]);
}

async function looked(pool: Pool, look: (tx: Queryable) => Promise<string[]>): Promise<string[]> {
  const within = async (tx: Queryable): Promise<string[]> => {
    await tx.query("set local search_path = ''");
    return await look(tx);
  };
  return await readTarget(pool, within, { statementMs: LOCK_MS });
}

async function problemsIn(tx: Queryable, entities: readonly Entity[]): Promise<string[]> {
  await tx.query("set local search_path = ''");
  const unmigrated = await ledgerProblem(tx);
  if (unmigrated !== undefined) return [unmigrated, ...(await extensionOf(tx, entities)).conflicts];
  const tables = entities.map(({ target }) => target.table);
  return [
    ...(await schemaProblems(tx, entities)),
    ...(await isolationProblems(tx, entities)),
    ...(await openings(tx, entities)).problems,
    ...(await logged(tx)).problems,
    ...(await strangerLedger(tx)),
    ...(await suspendedRules(tx, tables)),
    ...(await unchangeableTables(tx, [...tables, embeddingsTable("", entities).name])),
    ...(await readOnlyByDefault(tx)),
  ];
}

/** Statements outside of transactions would be refused. Hosted databases are set so while their disk is nearly full. */
async function readOnlyByDefault(tx: Queryable): Promise<string[]> {
  const { rows } = await tx.query<{ role: string }>(
    "select quote_ident(session_user) as role where current_setting('default_transaction_read_only')::boolean",
  );
  return rows.map(
    ({ role }) =>
      `default_transaction_read_only is on for ${role}, the database or the server: make room if the disk is nearly full, which` +
      ` has a host set it; else run "alter role ${role} set default_transaction_read_only = off"`,
  );
}

function locked(pool: Pool, waited: number, cause: unknown): UnavailableError {
  return new UnavailableError(
    `TARGET_URL (${placeOf(pool)}): a table stayed locked for ${waited / 1_000} s: end the session that alters it (see pg_locks), or wait for it`,
    { cause },
  );
}

async function ledgerProblem(tx: Queryable): Promise<string | undefined> {
  const kept = await keptLedger(tx);
  if (kept !== undefined) return kept;
  const present = await versionsIn(tx);
  if (present === undefined) return `the target is not migrated: ${MIGRATE}`;
  newerVersions(present);
  const lacking = ledgerVersions().filter((version) => !present.includes(version));
  return lacking.length > 0 ? `the ledger lacks ${lacking.join(", ")}: ${MIGRATE}` : undefined;
}

/** The target must need nothing of what a migration would do. */
async function schemaProblems(tx: Queryable, entities: readonly Entity[]): Promise<string[]> {
  return problemsOf(await extensionOf(tx, entities));
}

async function extensionOf(tx: Queryable, entities: readonly Entity[]): Promise<Plan> {
  return await planExtension(tx, targetEnums, targetTables(entities));
}

/** Each practice must see its own rows only: the guards of all tables must be as a migration leaves them. */
async function isolationProblems(tx: Queryable, entities: readonly Entity[]): Promise<string[]> {
  const tables = [...targetTables(entities), embeddingsTable("", entities)];
  return problemsOf(await planIsolation(tx, tables, await tenantRoles(tx)));
}

function problemsOf({ changes, conflicts }: Plan): string[] {
  const lacking = changes.flatMap(({ says }) => says ?? []);
  return [
    ...conflicts,
    ...(lacking.length > 0 ? [`${MIGRATE}, which would have: ${lacking.join(", ")}`] : []),
  ];
}

/** Constraints and triggers must hold at all times: none switched off, for this session or for a table. */
async function suspendedRules(tx: Queryable, tables: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ problem: string }>(
    `select format('triggers of %s are switched off: run "alter table %s enable trigger all"', t.tgrelid::regclass, t.tgrelid::regclass) as problem
       from pg_trigger t
      where t.tgrelid = any(array(select to_regclass(name) from unnest($1::text[]) name)) and t.tgenabled in ('D', 'R')
        and (t.tgisinternal or t.tgfoid in (select oid from pg_proc where pronamespace = 'migration'::regnamespace))
      group by t.tgrelid
     union all
     select format('constraint %I of %s is not validated: run "alter table %s validate constraint %I"', k.conname, k.conrelid::regclass, k.conrelid::regclass, k.conname)
       from pg_constraint k where k.conrelid = any(array(select to_regclass(name) from unnest($1::text[]) name)) and not k.convalidated`,
    [tables.map((table) => `public.${table}`)],
  );
  const replicates = await sessionsReplicate(tx);
  return [...(replicates === undefined ? [] : [replicates]), ...rows.map(({ problem }) => problem)];
}
