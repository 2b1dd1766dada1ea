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

/** Applies what is missing and says what it did. */
export async function applyVersions(tx: Queryable): Promise<string[]> {
  const present = await versionsIn(tx);
  const said: string[] = [];
  if (present === undefined) {
    await createLedger(tx);
    said.push("created schema migration");
  }
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

/**
 * The versions of a newer release that this one can work with: those of the same hundred, which only add
 * (docs/decisions/versions-side-by-side.md). Throws `ConfigurationError` when there are others.
 */
export function newerVersions(present: readonly string[]): string[] {
  const known = ledgerVersions();
  const newer = present.filter((version) => !known.includes(version));
  const strange = newer.filter((version) => hundredOf(version) > hundredOf(known.at(-1) ?? ""));
  if (strange.length > 0)
    throw new ConfigurationError(
      `the target was migrated by a newer release (${strange.join(", ")}): deploy that release`,
    );
  return newer;
}

/** `0` of `005-control.sql`. */
function hundredOf(version: string): string {
  return version.slice(0, 1);
}
