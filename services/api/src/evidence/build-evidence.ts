/** The evidence of a run: read from one state of the ledger and the target. The same state gives the same evidence, and so the same digest. */
import type { Entity } from "@nexus/catalog";
import { accountsUnmetInWords, type Evidence } from "@nexus/contract";
import { type Queryable, serverVersion } from "@nexus/shared/database";
import { accountsStanding, examinedInvariants, type Release } from "@nexus/shared/ledger";
import { eq, query, read, runs } from "@nexus/shared/tables";
import { type Account, accountOfRun } from "../queries/account-of-run.ts";
import { listDifferences } from "../queries/find-proof.ts";
import type { RunFacts } from "../queries/find-run.ts";
import { listChecks, listRepairs, listShortfalls } from "../queries/list-shortfalls.ts";
import { newestVerifications } from "../queries/newest-verifications.ts";
import { type TargetSum, targetSums } from "../queries/target-sums.ts";
import { accountsOf } from "../report/accounts.ts";
import { checkInWords, wordsFor } from "../report/reasons.ts";
import { progressRow } from "../report/standing.ts";
import { checkSql } from "./check-sql.ts";
import { keysOf, readKeys } from "./exception-keys.ts";
import { refusalsOf } from "./refusals.ts";
import { unverifiedOf } from "./unverified.ts";

/** Of what evidence is made, beside the ledger. */
export interface Sources {
  /** In dependency order. */
  readonly catalog: readonly Entity[];
  /** The names of all entities, parents first. */
  readonly names: readonly string[];
  readonly release: Release;
}

/** `tx` must see one state throughout. `listing`: whether keys of exceptions are listed. */
export async function buildEvidence(
  tx: Queryable,
  { catalog, names, release }: Sources,
  run: RunFacts,
  listing: "counts" | "keys",
): Promise<Evidence> {
  const verifications = await verificationsOf(tx, names);
  const told = {
    run: { ...run, sourceSnapshot: await snapshotOf(tx, run.id) },
    versions: {
      release,
      target: (await serverVersion(tx)).text,
      source: sourceVersionOf(verifications),
    },
    counts: await countsOf(tx, run),
    exceptions: await exceptionsOf(tx, run.id, listing),
    repairs: await listRepairs(tx, run.id),
    verifications,
    differences: await differencesOf(tx, verifications),
    accounts: await accountsIn(tx),
    checks: await checksOf(tx, run.id, catalog),
    invariants: await examinedInvariants(tx, catalog),
  };
  const refusals = refusalsOf(told, names);
  return { format: 1, signedOff: refusals.length === 0, refusals, ...told };
}

/** Null where no run has asked for any. */
async function accountsIn(tx: Queryable): Promise<Evidence["accounts"]> {
  const reported = await accountsOf(tx);
  if (reported === null) return null;
  const { status: _, ...counts } = reported;
  const { unmet } = await accountsStanding(tx);
  const found = unmet.map((one) => ({ code: one.code, says: accountsUnmetInWords(one) }));
  const open = `the sum of accounts does not close: ${counts.unaccounted} users are unknown`;
  const isOpen = counts.unaccounted !== null && counts.unaccounted !== 0;
  return {
    ...counts,
    unmet: isOpen ? [...found, { code: "accounts_open" as const, says: open }] : found,
  };
}

async function snapshotOf(tx: Queryable, runId: number): Promise<string | null> {
  const [found] = await read(
    tx,
    query.select({ snapshot: runs.source_snapshot }).from(runs).where(eq(runs.id, runId)),
  );
  return found?.snapshot ?? null;
}

async function verificationsOf(
  tx: Queryable,
  names: readonly string[],
): Promise<Evidence["verifications"]> {
  const newest = await newestVerifications(tx);
  return names.map((entity) => {
    const found = newest.get(entity) ?? null;
    return { entity, newest: found, unverified: unverifiedOf(found) };
  });
}

/** As the newest of them found it. */
function sourceVersionOf(verifications: Evidence["verifications"]): string | null {
  const made = verifications.flatMap(({ newest }) => (newest === null ? [] : [newest]));
  return made.toSorted((one, other) => other.id - one.id)[0]?.versions?.source ?? null;
}

async function countsOf(tx: Queryable, run: RunFacts): Promise<Evidence["counts"]> {
  const sums = new Map((await targetSums(tx, run.id)).map((sum) => [sum.entity, sum]));
  const accounts = await accountOfRun(tx, run.id);
  return accounts.map((account) => countOf(run, account, sums.get(account.entity)));
}

function countOf(
  run: RunFacts,
  account: Account,
  sum: TargetSum | undefined,
): Evidence["counts"][number] {
  const { progress: _, ...row } = progressRow(run, account);
  const onRecord = account.exceptions === row.rejected + row.parked;
  const closes = onRecord && row.unaccounted === 0 && row.unread === 0;
  if (sum === undefined) return { ...row, closes, target: null };
  const { entity: __, ...target } = sum;
  return { ...row, closes: closes && (target.unaccounted ?? 0) === 0, target };
}

async function exceptionsOf(
  tx: Queryable,
  runId: number,
  listing: "counts" | "keys",
): Promise<Evidence["exceptions"]> {
  const keys = listing === "keys" ? await readKeys(tx, runId) : undefined;
  const shortfalls = await listShortfalls(tx, runId);
  return shortfalls.map((one) => ({ ...one, ...wordsFor(one), keys: keysOf(keys, one) }));
}

/** So many differences are listed at most; they are counted in any case. */
const MOST_LISTED = 10_000;

async function differencesOf(
  tx: Queryable,
  verifications: Evidence["verifications"],
): Promise<Evidence["differences"]> {
  const listed: Evidence["differences"]["listed"] = [];
  let counted = 0;
  for (const { entity, newest } of verifications) {
    if (newest === null) continue;
    counted += newest.differences;
    const wanted = { entity, kind: undefined, after: 0, limit: MOST_LISTED - listed.length };
    const found = await listDifferences(tx, newest.id, wanted);
    listed.push(...found.map((one) => ({ ...one, verification: newest.id })));
  }
  const certain = listed.filter(({ changedSince }) => !changedSince).length;
  return { listed, left: counted - certain };
}

async function checksOf(
  tx: Queryable,
  runId: number,
  catalog: readonly Entity[],
): Promise<Evidence["checks"]> {
  const entityOf = (name: string) => catalog.find((one) => one.name === name);
  return (await listChecks(tx, runId)).map((check) => ({
    ...check,
    says: checkInWords(check.name),
    sql: checkSql(check.name, entityOf(check.entity), runId) ?? null,
  }));
}
