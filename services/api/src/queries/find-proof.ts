/** What forecasts and verifications found. */
import type { Answer, Difference, ForecastView, VerificationView } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import type { ProofKind } from "@nexus/shared/ledger";
import {
  and,
  desc,
  eq,
  given,
  proofDifferences,
  proofEntities,
  proofs,
  query,
  read,
  sql,
} from "@nexus/shared/tables";
import { z } from "zod";
import { proofFacts } from "./list-forecasts.ts";

const counts = z.record(z.string(), z.int());
const asked = z.object({
  range: z.object({ from: z.int(), to: z.int() }).nullable(),
  sample: z.number().nullable(),
});
const seen = z.object({ items: z.int(), pending: z.int() }).nullable();
const none = z.int().default(0);

/** What was seen of an entity's vectors, or documents, as it is stored. Null: it has none, or an older release looked. */
export function contentSeen(stored: string | null): { items: number; pending: number } | null {
  return seen.parse(JSON.parse(stored ?? "null"));
}

const accounts = z
  .union([
    z
      .object({ items: z.int(), pending: z.int() })
      .transform((one) => ({ ...one, unverified: null })),
    z
      .object({ code: z.string() })
      .transform(({ code: unverified }) => ({ items: 0, pending: 0, unverified })),
  ])
  .nullable();

/** What was seen of accounts. Null: there are none, or nobody looked. */
export function accountsSeen(
  stored: string | null,
): VerificationView["entities"][number]["accounts"] {
  return accounts.parse(JSON.parse(stored ?? "null"));
}

/** What an extractor counts for a forecast; an entity without a twin has no counts. */
const tally = z.object({
  outcomes: z.object({ loaded: none, rejected: none, parked: none }).prefault({}),
  fates: z.object({ inserted: none, updated: none, unchanged: none }).prefault({}),
  reasons: counts.default({}),
  notes: counts.default({}),
  strangers: none,
  bytes: none,
});

const server = z.object({
  needed: z.int(),
  left: z.int().nullable(),
  limit: z.int().nullable(),
  of: z.string(),
});
const needs = z.object({ source: server, target: server }).nullable();

const facts = { ...proofFacts, asked: proofs.asked, needs: proofs.needs };

async function findProof(db: Queryable, kind: ProofKind, id: number) {
  const [found] = await read(
    db,
    query
      .select(facts)
      .from(proofs)
      .where(and(eq(proofs.id, id), eq(proofs.kind, kind))),
  );
  return found;
}

const proved = {
  entity: proofEntities.entity,
  status: proofEntities.status,
  rows: proofEntities.rows,
  counts: proofEntities.counts,
  changedSince: proofEntities.changed_since,
  vectors: proofEntities.vectors,
  documents: proofEntities.documents,
  accounts: proofEntities.accounts,
};

async function entitiesOf(db: Queryable, id: number) {
  return await read(
    db,
    query
      .select(proved)
      .from(proofEntities)
      .where(eq(proofEntities.proof_id, id))
      .orderBy(proofEntities.position),
  );
}

/** What a forecast counted. */
export interface Foreseen extends Omit<ForecastView, "embedding" | "disk"> {
  /** Bytes of the rows that are written. */
  readonly rowBytes: number;
}

/** One forecast by its id. */
export async function findForecast(db: Queryable, id: number): Promise<Foreseen | undefined> {
  const found = await findProof(db, "forecast", id);
  if (found === undefined) return undefined;
  const { asked: _, needs: taken, ...view } = found;
  const counted = (await entitiesOf(db, id)).map(({ counts: all, entity, status, rows }) => {
    const { outcomes, fates, bytes, ...rest } = tally.parse(JSON.parse(all));
    return { bytes, view: { entity, status, rows, ...outcomes, ...fates, ...rest } };
  });
  return {
    ...view,
    connections: needs.parse(JSON.parse(taken ?? "null")),
    rowBytes: sum(counted.map(({ bytes }) => bytes)),
    entities: counted.map((one) => one.view),
  };
}

/** One verification by its id. */
export async function findVerification(
  db: Queryable,
  id: number,
): Promise<VerificationView | undefined> {
  const found = await findProof(db, "verification", id);
  if (found === undefined) return undefined;
  const { asked: askedFor, needs: _, ...view } = found;
  const entities = (await entitiesOf(db, id)).map(
    ({ counts: counted, vectors, documents, accounts, ...one }) => {
      const kinds = counts.parse(JSON.parse(counted));
      const differences = sum(Object.values(kinds));
      const made = {
        vectors: contentSeen(vectors),
        documents: contentSeen(documents),
        accounts: accountsSeen(accounts),
      };
      return { ...one, kinds, differences, ...made };
    },
  );
  const differences = sum(entities.map((one) => one.differences));
  const pending = sum(entities.map((one) => one.vectors?.pending ?? 0));
  const { range, sample } = asked.parse(JSON.parse(askedFor));
  return { ...view, range, sample, differences, pending, entities };
}

/** As many as all entities of a verification have together. */
const inAll = sql<number>`(
  select coalesce(sum(k.value::bigint), 0)::bigint
  from migration.proof_entities e, jsonb_each_text(e.counts) k where e.proof_id = proofs.id)`;

const pendingInAll = sql<number>`(
  select coalesce(sum((e.vectors->>'pending')::bigint), 0)::bigint
  from migration.proof_entities e where e.proof_id = proofs.id)`;

const unknown = sql<number>`(
  select count(*) from migration.proof_entities e where e.proof_id = proofs.id and e.status <> 'proved')`;

/** Verifications, newest first. `before`: where the page before ended. */
export async function listVerifications(
  db: Queryable,
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<Answer<"GET /v1/verifications">["items"]> {
  const { asked: _, needs: __, ...listed } = facts;
  return await read(
    db,
    query
      .select({ ...listed, differences: inAll, pending: pendingInAll, notVerified: unknown })
      .from(proofs)
      .where(
        and(
          eq(proofs.kind, "verification"),
          given(before, (id) => sql`${proofs.id} < ${id}::bigint`),
        ),
      )
      .orderBy(desc(proofs.id))
      .limit(limit),
  );
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, one) => total + one, 0);
}

const difference = {
  entity: proofDifferences.entity,
  legacyId: proofDifferences.legacy_id,
  column: proofDifferences.column_name,
  kind: proofDifferences.kind,
  changedSince: proofDifferences.changed_since,
};

export interface DifferenceFilter {
  readonly entity: string | undefined;
  readonly kind: Difference["kind"] | undefined;
  /** Of the page before, how many rows came until its end. */
  readonly after: number;
  readonly limit: number;
}

/** What differs, parents first. Those that the source has changed since come last in an entity. */
export async function listDifferences(
  db: Queryable,
  id: number,
  { entity, kind, after, limit }: DifferenceFilter,
): Promise<Difference[]> {
  const { proof_id, entity: of, kind: what, reads, changed_since } = proofDifferences;
  const found = await read(
    db,
    query
      .select(difference)
      .from(proofDifferences)
      .innerJoin(
        proofEntities,
        and(eq(proofEntities.proof_id, proof_id), eq(proofEntities.entity, of)),
      )
      .where(
        and(
          eq(proof_id, id),
          eq(reads, 2),
          given(entity, (one) => eq(of, one)),
          given(kind, (one) => eq(what, one)),
        ),
      )
      .orderBy(
        proofEntities.position,
        changed_since,
        proofDifferences.legacy_id,
        proofDifferences.column_name,
        what,
      )
      .offset(after)
      .limit(limit),
  );
  return found.map((row) => ({ ...row, column: row.column === "" ? null : row.column }));
}
