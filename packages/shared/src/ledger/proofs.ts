/** Proofs: asked for by an operator, carried out by one extractor at a time, which holds a claim and renews it. */
import type { Queryable } from "../database/pool.ts";
import type { By } from "./audit.ts";
import type { Release } from "./release.ts";

export type ProofKind = "forecast" | "verification";

/** What is to be looked at. */
export interface ProofAsked {
  /** Null: all of the catalog. */
  readonly entities: readonly string[] | null;
  /** Source keys, both ends too; null: all. */
  readonly range: { readonly from: number; readonly to: number } | null;
  /** Percent of the source rows, chosen by chance; null: all. */
  readonly sample: number | null;
  /** The codes of the source as a run that began now would read them, as JSON; null: as the newest run did. */
  readonly codes: string | null;
}

/** A proof, as who carries it out holds it. */
export interface HeldProof {
  readonly id: number;
  readonly kind: ProofKind;
  readonly asked: ProofAsked;
  readonly claim: number;
}

/** What a proof says of one entity. */
export interface ProvedEntity {
  readonly entity: string;
  readonly position: number;
  readonly status: "proved" | "without_twin" | "unread";
  readonly rows: number;
  readonly counts: Readonly<Record<string, unknown>>;
  readonly changedSince: number;
  /** Of a verification; absent: its rows are no content. */
  readonly vectors?: ProvedContent | undefined;
  /** The same of documents; absent: Dify was never filled, too. */
  readonly documents?: ProvedContent | undefined;
  /** Of profiles; absent: there are no accounts, or only a part of the profiles was looked at. */
  readonly accounts?: ProvedAccounts | undefined;
}

/** Content rows of an entity. */
export interface ProvedContent {
  /** Those that were looked at. */
  readonly items: number;
  /** Those whose vectors, or document, are still to be made. */
  readonly pending: number;
}

/** Accounts that the ledger has as done, and those that are still to be made or told something; or why none was looked at. */
export type ProvedAccounts =
  | { readonly items: number; readonly pending: number }
  /** `off`: the extractor has no ACCOUNTS=on; else what Supabase Auth answered. */
  | { readonly code: string };

/** Another process has the proof by now, or it is over: what was written for it is rolled back. */
class ProofOver extends Error {
  override readonly name = "ProofOver";
  readonly code = "proof_over";
}

const OVER = "the proof is over, or somebody else's";

/** The proof that is asked for and not done yet. */
export async function openProof(db: Queryable): Promise<{ readonly id: number } | undefined> {
  const found = await db.query<{ id: number }>(
    `select id from migration.proofs where status = 'open'`,
  );
  return found.rows[0];
}

/** The lists of so many proofs are kept; their counts for ever. */
const LISTS_KEPT = 5;

/** Asks for a proof, under `lockStarts`. `runId`: the run after which extractors ask for it by themselves. */
export async function createProof(
  tx: Queryable,
  kind: ProofKind,
  asked: ProofAsked,
  { actor, reason }: By,
  runId: number | null = null,
): Promise<number> {
  await tx.query(
    `delete from migration.proof_differences where proof_id not in (
       select id from migration.proofs where kind = 'verification' order by id desc limit ${LISTS_KEPT - 1})`,
  );
  const made = await tx.query<{ id: number }>(
    `insert into migration.proofs (kind, asked, actor, reason, run_id) values ($1, $2::jsonb, $3, $4, $5) returning id`,
    [kind, JSON.stringify(asked), actor, reason, runId],
  );
  const [row] = made.rows;
  if (row === undefined) throw new Error("a proof without a row");
  return row.id;
}

/** Has extractors verify a run once it is completed, whoever ticks then. In the transaction that begins it. */
export async function wantVerification(tx: Queryable, runId: number): Promise<void> {
  await tx.query(`update migration.runs set verify = true where id = $1`, [runId]);
}

/** The newest run, if it is completed and is still to be verified, with the entities that it loaded. An older one is not any more: later runs wrote. */
export async function runToVerify(
  db: Queryable,
): Promise<{ readonly id: number; readonly entities: readonly string[] } | undefined> {
  const found = await db.query<{ id: number; entity: string | null }>(
    `select r.id, e.entity from migration.runs r
     left join migration.run_entities e on e.run_id = r.id and e.status not in ('skipped', 'cancelled', 'rolled_back')
     where r.id = (select max(id) from migration.runs) and r.verify and r.status = 'completed'
       and not exists (select from migration.proofs p where p.run_id = r.id) order by e.position`,
  );
  const [run] = found.rows;
  return run && { id: run.id, entities: found.rows.flatMap(({ entity }) => entity ?? []) };
}

/** Seconds that a claim lasts; whoever holds it renews it more often. */
const CLAIM_S = 20;

/** Takes the open proof, if nobody holds it. What a former holder found is forgotten: its session, and the facts in it, are gone. */
export async function claimProof(tx: Queryable): Promise<HeldProof | undefined> {
  const claimed = await tx.query<Omit<HeldProof, "asked"> & { asked: string }>(
    `update migration.proofs set claim = claim + 1, claimed_until = now() + ${CLAIM_S} * interval '1 second', started_at = now(), versions = null
     where status = 'open' and claimed_until < now() returning id, kind, asked::text, claim`,
  );
  const [row] = claimed.rows;
  if (row === undefined) return undefined;
  await tx.query(`delete from migration.proof_entities where proof_id = $1`, [row.id]);
  await tx.query(`delete from migration.proof_differences where proof_id = $1`, [row.id]);
  const { entities = null, range = null, sample = null, codes = null } = JSON.parse(row.asked);
  return { ...row, asked: { entities, range, sample, codes } };
}

/** With what a proof is made. */
export interface ProofVersions {
  /** `server_version` of PostgreSQL. */
  readonly source: string;
  readonly target: string;
  /** Of the extractor. */
  readonly release: Release;
}

/** Keeps with what a proof is made. */
export async function recordVersions(
  db: Queryable,
  { id, claim }: HeldProof,
  versions: ProofVersions,
): Promise<void> {
  await db.query(
    `update migration.proofs set versions = $3::jsonb where id = $1 and claim = $2 and status = 'open'`,
    [id, claim, JSON.stringify(versions)],
  );
}

/** Renews the claim. Returns whether it still held: the proof may have been given up, or be another process's. */
export async function renewProof(db: Queryable, { id, claim }: HeldProof): Promise<boolean> {
  const renewed = await db.query(
    `update migration.proofs set claimed_until = now() + ${CLAIM_S} * interval '1 second'
     where id = $1 and claim = $2 and status = 'open'`,
    [id, claim],
  );
  return renewed.rowCount === 1;
}

/** Gives the claim back at once: another extractor may go on. */
export async function yieldProof(db: Queryable, { id, claim }: HeldProof): Promise<void> {
  await db.query(
    `update migration.proofs set claimed_until = '-infinity' where id = $1 and claim = $2`,
    [id, claim],
  );
}

/** Last before a commit: what this transaction wrote stands only if the proof is still ours. Throws `ProofOver`. */
export async function stillHeld(tx: Queryable, { id, claim }: HeldProof): Promise<void> {
  const held = await tx.query(
    `select from migration.proofs where id = $1 and claim = $2 and status = 'open' for no key update`,
    [id, claim],
  );
  if (held.rowCount !== 1) throw new ProofOver(OVER);
}

/** Keeps what was found in an entity. Throws `ProofOver`. */
export async function recordProved(
  tx: Queryable,
  proof: HeldProof,
  { entity, position, status, rows, counts, changedSince, ...seen }: ProvedEntity,
): Promise<void> {
  const json = (value: unknown): string | null =>
    value === undefined ? null : JSON.stringify(value);
  const kept = await tx.query(
    `with held as (select id from migration.proofs where id = $1 and claim = $11 and status = 'open' for no key update)
     insert into migration.proof_entities (proof_id, entity, position, status, rows, counts, changed_since, vectors, documents, accounts)
     select id, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9::jsonb, $10::jsonb from held`,
    [
      proof.id,
      entity,
      position,
      status,
      rows,
      JSON.stringify(counts),
      changedSince,
      json(seen.vectors),
      json(seen.documents),
      json(seen.accounts),
      proof.claim,
    ],
  );
  if (kept.rowCount !== 1) throw new ProofOver(OVER);
}

/** Ends a proof; a code says that it failed. What only the first reading found is forgotten. Throws `ProofOver`. */
export async function endProof(
  tx: Queryable,
  proof: HeldProof,
  errorCode: string | null,
): Promise<void> {
  await stillHeld(tx, proof);
  await tx.query(`delete from migration.proof_differences where proof_id = $1 and reads = 1`, [
    proof.id,
  ]);
  await tx.query(
    `update migration.proofs set status = case when $3::text is null then 'done' else 'failed' end,
       error_code = $3, finished_at = now(), claimed_until = '-infinity'
     where id = $1 and claim = $2 and status = 'open'`,
    [proof.id, proof.claim, errorCode],
  );
}
