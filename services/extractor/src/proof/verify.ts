/**
 * Verification of what runs have loaded, and of the vectors, documents and accounts made of it. Rows are read twice: what differs is written down as a candidate, and compared a second time after all
 * entities are through. Only what differs both times is a difference: meanwhile a row may have been on its way.
 */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import {
  type ProvedContent,
  type ProvedEntity,
  recordProved,
  stillHeld,
} from "@nexus/shared/ledger";
import { markerOf } from "../gone/marker.ts";
import { differencesSql, reachOf, sourceOf } from "./compare-sql.ts";
import { knowParentsAnew } from "./know-parents.ts";
import { lookAtExpected, type Proving } from "./proving.ts";
import { type Cut, type Keys, rangesOf, sampleOf } from "./ranges.ts";
import type { Step } from "./select-entities.ts";
import { compareAccounts, compareAccountsAgain, HOLDERS } from "./verify-accounts.ts";
import { compareMade, compareMadeAgain, IS_OF_CONTENT, madeIn } from "./verify-content.ts";

/** Compares all entities, then what differs once more. */
export async function verify(proving: Proving, steps: readonly Step[]): Promise<void> {
  const rows = new Map<string, number>();
  const provable = steps.filter(({ status }) => status === "proved");
  for (const step of provable) rows.set(step.entity.name, await compareFirst(proving, step));
  const accounts = await compareAccounts(proving);
  const catalog = steps.map(({ entity }) => entity);
  const asked = steps.filter(({ isAsked }) => isAsked);
  const all = await madeIn(proving.target);
  const seen = new Map<string, ProvedContent | undefined>();
  for (const { entity } of asked)
    for (const made of all)
      seen.set(`${entity.name} ${made.column}`, await compareMade(proving, entity, made));
  for (const step of asked) {
    const { entity, status } = step;
    if (status === "proved") await compareAgain(proving, catalog, entity);
    for (const made of all) await compareMadeAgain(proving, entity, made);
    await record(proving, step, rows.get(entity.name) ?? 0, {
      vectors: seen.get(`${entity.name} embedding`),
      documents: seen.get(`${entity.name} document`),
      accounts: entity.name === HOLDERS ? await compareAccountsAgain(proving, accounts) : undefined,
    });
  }
}

/** The first reading of an entity. Returns how many source rows were compared. */
async function compareFirst(proving: Proving, step: Step): Promise<number> {
  const { range, sample } = proving.proof.asked;
  const isNarrowed = range !== null || sample !== null;
  const isWhole = step.isAsked && !isNarrowed;
  let rows = 0;
  if (isWhole || step.isKept)
    for await (const cut of rangesOf(proving.ask, step.entity, null))
      rows += await goThrough(proving, step, cut, isWhole);
  if (isWhole || !step.isAsked) return rows;
  rows = 0;
  for await (const keys of narrowed(proving, step.entity)) {
    proving.signal.throwIfAborted();
    rows += await compareKeys(proving, step.entity, keys);
  }
  return rows;
}

function narrowed({ ask, proof }: Proving, entity: Entity): AsyncIterable<Keys> {
  const { range, sample } = proof.asked;
  return sample === null
    ? rangesOf(ask, entity, range)
    : sampleOf(ask, entity, range, sample, proof.id);
}

/** One range of an entity that is gone through wholly: it is compared, or its children need to know it, or both. */
async function goThrough(
  proving: Proving,
  { entity, isKept }: Step,
  cut: Cut,
  isCompared: boolean,
): Promise<number> {
  const { twins, proof, signal } = proving;
  signal.throwIfAborted();
  const hasOwnKeys = !proving.keepsKey(entity);
  return await twins.expecting(entity, cut, async (tx) => {
    const rows = await lookAtExpected(tx);
    if (isKept) await twins.keep(entity);
    if (!isCompared) return rows;
    await addCandidates(tx, proving, entity, hasOwnKeys ? [] : cut);
    if (hasOwnKeys) await addUnknown(tx, proving, entity, cut);
    await stillHeld(tx, proof);
    return rows;
  });
}

async function compareKeys(proving: Proving, entity: Entity, keys: Keys): Promise<number> {
  return await proving.twins.expecting(entity, keys, async (tx) => {
    const rows = await lookAtExpected(tx);
    await addCandidates(tx, proving, entity, keys);
    await stillHeld(tx, proving.proof);
    return rows;
  });
}

/** Writes down what differs in the first reading. */
async function addCandidates(
  tx: Queryable,
  { proof, keepsKey }: Proving,
  entity: Entity,
  keys: Keys,
): Promise<void> {
  const reach = reachOf(keys);
  const marker = await markerOf(tx, entity);
  const found = differencesSql(entity, { isKept: keepsKey(entity), reach, marker });
  await tx.query(
    `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
     select ${proof.id}, $1, legacy_id, column_name, kind, 1 from (${found}) d on conflict do nothing`,
    [entity.name, ...reach.values],
  );
}

/** Rows whose key no source row has, where the target's keys are others than the source's: known once all ranges are through. */
async function addUnknown(
  tx: Queryable,
  { proof }: Proving,
  entity: Entity,
  { isLast }: Cut,
): Promise<void> {
  const { table, key } = entity.target;
  const seen = `seen_${entity.name}`;
  await tx.query(
    `create temp table if not exists ${seen} (legacy_key bigint);
     insert into ${seen} select legacy_key from expected where outcome = 'loaded'`,
  );
  if (!isLast) return;
  await tx.query(
    `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
     select ${proof.id}, $1, ${sourceOf(entity, false)}, '', 'extra_row', 1 from public.${table} t
     where t.${key} is not null and not exists (select from ${seen} k where k.legacy_key = t.${key}) on conflict do nothing`,
    [entity.name],
  );
}

/** Candidates that are compared at once. */
const AGAIN_ROWS = 5_000;

/** The second reading: of the candidates, those that differ again, in the same column. */
async function compareAgain(
  proving: Proving,
  catalog: readonly Entity[],
  entity: Entity,
): Promise<void> {
  const { proof, target, twins, signal } = proving;
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    signal.throwIfAborted();
    const found = await target.query<{ key: number }>(
      `select distinct legacy_id as key from migration.proof_differences
       where proof_id = $1 and entity = $2 and reads = 1 and not (${IS_OF_CONTENT}) and legacy_id > $3::bigint order by 1 limit ${AGAIN_ROWS}`,
      [proof.id, entity.name, after],
    );
    const keys = found.rows.map((row) => row.key);
    const last = keys.at(-1);
    if (last === undefined) return;
    await knowParentsAnew(proving, catalog, entity, keys);
    await twins.expecting(entity, keys, async (tx) => {
      await lookAtExpected(tx);
      await confirm(tx, proving, entity, keys);
      await stillHeld(tx, proof);
    });
    after = last;
  }
}

async function confirm(
  tx: Queryable,
  { proof, keepsKey }: Proving,
  entity: Entity,
  keys: readonly number[],
): Promise<void> {
  const asked = { isKept: keepsKey(entity), reach: reachOf(keys) };
  const found = differencesSql(entity, { ...asked, marker: await markerOf(tx, entity) });
  await tx.query(
    `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads, changed_since)
     select ${proof.id}, $1, d.legacy_id, d.column_name, d.kind, 2, d.changed_since from (${found}) d
     where exists (select from migration.proof_differences f
       where f.proof_id = ${proof.id} and f.entity = $1 and f.legacy_id = d.legacy_id and f.column_name = d.column_name and f.reads = 1)
     on conflict do nothing`,
    [entity.name, keys],
  );
}

/** Closes the account of an entity. */
async function record(
  { proof, target }: Proving,
  { entity, position, status }: Step,
  rows: number,
  made: Pick<ProvedEntity, "vectors" | "documents" | "accounts">,
): Promise<void> {
  const found = await target.query<{ kind: string; rows: number; isSince: boolean }>(
    `select kind, changed_since as "isSince", count(*) as rows from migration.proof_differences
     where proof_id = $1 and entity = $2 and reads = 2 group by kind, changed_since order by kind`,
    [proof.id, entity.name],
  );
  const certain = found.rows.filter(({ isSince }) => !isSince);
  const changed = await target.query<{ rows: number }>(
    `select count(distinct legacy_id) as rows from migration.proof_differences
     where proof_id = $1 and entity = $2 and reads = 2 and changed_since`,
    [proof.id, entity.name],
  );
  await recordProved(target, proof, {
    entity: entity.name,
    position,
    status,
    rows,
    counts: Object.fromEntries(certain.map((one) => [one.kind, one.rows])),
    changedSince: changed.rows[0]?.rows ?? 0,
    ...made,
  });
}
