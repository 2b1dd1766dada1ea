/** Whether a PostgreSQL can carry the queue: its version, the schema that BullMQ keeps there, and what our role may do. Reads only. */
import type { Pool } from "pg";
import { bullmq } from "./libraries.ts";

/** BullMQ's own. */
export const SCHEMA = "bullmq";

/** `older`: of an earlier BullMQ, to be upgraded. */
export type SchemaState = "fit" | "missing" | "older";

/** It will never carry the queue as it is. The message goes on where the server was named. */
export class Unfit extends Error {}

/** Throws `Unfit` where a service could not open a queue there, or not work with it. */
export async function examineSchema(pool: Pool): Promise<SchemaState> {
  await requireWritable(pool);
  const facts = await factsOf(pool);
  requireVersion(facts);
  requireRights(facts);
  const state = await stateOf(pool);
  if (state !== "fit") requireMaking(facts);
  return state;
}

/** A standby answers, and takes nothing. */
export async function requireWritable(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ reads: boolean }>(
    `select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as reads`,
  );
  if (rows[0]?.reads !== false)
    throw new Unfit("takes no writes, it is a standby: point to the primary");
}

interface Facts {
  readonly version: number;
  readonly named: string;
  readonly mayCreate: boolean;
  readonly mayTemporary: boolean;
  /** True where the schema is not there yet. */
  readonly mayFill: boolean;
  /** Owners of what lies in the schema that our role does not stand for. */
  readonly owners: string | null;
  readonly database: string;
  readonly role: string;
}

/** PostgreSQL 9.5 syntax: of older servers than BullMQ takes that must be known, too. */
async function factsOf(pool: Pool): Promise<Facts> {
  const { rows } = await pool.query<Facts>(
    `select current_setting('server_version_num')::integer as version, split_part(current_setting('server_version'), ' ', 1) as named,
       has_database_privilege(current_database(), 'create') as "mayCreate",
       has_database_privilege(current_database(), 'temporary') as "mayTemporary",
       coalesce(has_schema_privilege(n.oid, 'usage') and has_schema_privilege(n.oid, 'create'), true) as "mayFill",
       (select string_agg(distinct quote_ident(pg_get_userbyid(c.relowner)), ', ') from pg_class c
        where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'S') and not pg_has_role(c.relowner, 'usage')) as owners,
       quote_ident(current_database()) as database, quote_ident(current_user) as role
     from (values (1)) one left join pg_namespace n on n.nspname = $1`,
    [SCHEMA],
  );
  const [facts] = rows;
  if (facts === undefined) throw new TypeError("one row was asked for");
  return facts;
}

function requireVersion({ version, named }: Facts): void {
  const oldest = bullmq.MINIMUM_POSTGRES_VERSION;
  if (version >= oldest * 10_000) return;
  throw new Unfit(
    `is of version ${named}, and a queue needs ${oldest} or newer: upgrade it, or give the queue another server`,
  );
}

/** BullMQ's own check, but for the server's version. */
async function stateOf(pool: Pool): Promise<SchemaState> {
  try {
    const asked = { skipVersionCheck: true };
    const version = await bullmq.assertSchemaCompatibility(pool, SCHEMA, asked);
    return version < bullmq.LATEST_SCHEMA_VERSION ? "older" : "fit";
  } catch (error) {
    if (error instanceof bullmq.SchemaMigrationRequiredError) return "missing";
    if (!(error instanceof bullmq.SchemaVersionMismatchError)) throw error;
    const { minimumClientVersion: newer, clientVersion: ours } = error;
    throw new Unfit(
      `holds the queue of BullMQ ${newer} or newer, this is BullMQ ${ours}: give this queue another database`,
      { cause: error },
    );
  }
}

/** BullMQ makes a sequence for each queue when its first job comes, a temporary table for each page of jobs, and alters its tables. */
function requireRights(facts: Facts): void {
  const { mayFill, mayTemporary, owners, database, role } = facts;
  if (!mayFill) throw lacking(facts, `usage, create on schema ${SCHEMA}`);
  if (!mayTemporary) throw lacking(facts, `temporary on database ${database}`);
  if (owners !== null)
    throw new Unfit(
      `holds a queue that belongs to ${owners}: use that user, or run "grant ${owners} to ${role}"`,
    );
}

/** PostgreSQL asks for this right even where the schema is there. */
function requireMaking(facts: Facts): void {
  if (!facts.mayCreate) throw lacking(facts, `create on database ${facts.database}`);
}

function lacking({ role }: Facts, privilege: string): Unfit {
  return new Unfit(
    `cannot carry the queue, as this user lacks a privilege: run "grant ${privilege} to ${role}"`,
  );
}
