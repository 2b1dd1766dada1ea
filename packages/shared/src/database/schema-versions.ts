/** The ledger's own schema: numbered SQL files, each applied once and recorded. */
import { readdirSync, readFileSync } from "node:fs";
import { ConfigurationError } from "../config/failure.ts";
import type { Queryable } from "./pool.ts";

/** packages/shared/sql, from src and from dist alike. */
const FOLDER = new URL("../../sql/", import.meta.url);

/** The file names of this release's versions, in the order in which they are applied. */
export function ledgerVersions(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => /^\d{3}-.+\.sql$/.test(name))
    .sort();
}

/** The versions that a target has; undefined when it was never migrated. */
export async function versionsIn(db: Queryable): Promise<string[] | undefined> {
  const { rows } = await db.query<{ migrated: boolean }>(
    "select to_regclass('migration.schema_versions') is not null as migrated",
  );
  if (rows[0]?.migrated !== true) return undefined;
  const versions = await db.query<{ name: string }>(
    "select name from migration.schema_versions order by name",
  );
  return versions.rows.map(({ name }) => name);
}

/** Applies what is missing and says what it did. Throws `ConfigurationError` when a newer release was here. */
export async function applyVersions(tx: Queryable): Promise<string[]> {
  const present = await versionsIn(tx);
  const said: string[] = [];
  if (present === undefined) {
    await createLedger(tx);
    said.push("created schema migration");
  }
  refuseNewer(present ?? []);
  for (const name of ledgerVersions().filter((version) => present?.includes(version) !== true)) {
    await tx.query(readFileSync(new URL(name, FOLDER), "utf8"));
    await tx.query("insert into migration.schema_versions (name) values ($1::text)", [name]);
    said.push(`applied ${name}`);
  }
  return said;
}

async function createLedger(tx: Queryable): Promise<void> {
  const { rows } = await tx.query("select from pg_namespace where nspname = 'migration'");
  if (rows.length === 0) await tx.query("create schema migration");
  await tx.query(
    "create table migration.schema_versions (name text primary key, applied_at timestamptz not null default now())",
  );
}

/** Throws `ConfigurationError` when the target has versions that this release does not know. */
export function refuseNewer(present: readonly string[]): void {
  const known = ledgerVersions();
  const unknown = present.filter((version) => !known.includes(version));
  if (unknown.length > 0)
    throw new ConfigurationError(
      `the target was migrated by a newer release (${unknown.join(", ")}): deploy that release`,
    );
}
