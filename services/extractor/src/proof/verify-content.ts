/**
 * Verification of vectors and documents: each content row has those of the text that it has now, in its practice, and none besides. Texts are composed anew
 * of the target's rows, by the catalog's composers and the chunker, and compared by their hashes. Rows are read twice, as all rows are.
 */
import { contentOf, type Entity } from "@nexus/catalog";
import { inSnapshot, inTransaction, type Queryable } from "@nexus/shared/database";
import { type ProvedContent, stillHeld } from "@nexus/shared/ledger";
import { type Reach, reachOf } from "./compare-sql.ts";
import { DOCUMENTS } from "./documents.ts";
import type { Made } from "./made-of-content.ts";
import type { Proving } from "./proving.ts";
import { sampleOf } from "./ranges.ts";
import { lookAtContent, type Look, type Sight } from "./read-content.ts";
import { NO_VECTORS, VECTORS } from "./vectors.ts";

/** SQL: that a difference in column `column_name` is one of what is made of content. */
export const IS_OF_CONTENT = `split_part(column_name, ' ', 1) in ('${VECTORS.column}', '${DOCUMENTS.column}')`;

/** What there is to be verified. Documents only where Dify was ever filled, or is to be. */
export async function madeIn(target: Queryable): Promise<readonly Made[]> {
  const found = await target.query<{ hasVectors: boolean; hasDocuments: boolean }>(
    `select to_regclass('public.ai_embeddings') is not null as "hasVectors",
       exists (select from migration.runs where dify) or exists (select from migration.dify_documents)
         or exists (select from migration.content_events where dify_open) as "hasDocuments"`,
  );
  const { hasVectors = false, hasDocuments = false } = found.rows[0] ?? {};
  return [hasVectors ? VECTORS : NO_VECTORS, ...(hasDocuments ? [DOCUMENTS] : [])];
}

/** The first reading of what was made of an entity. Undefined: its rows are no content. */
export async function compareMade(
  proving: Proving,
  entity: Entity,
  made: Made,
): Promise<ProvedContent | undefined> {
  let [items, pending] = [0, 0];
  const base = sightOf(proving, entity, made);
  if (base === undefined) return undefined;
  for await (const reach of reaches(proving, entity))
    for await (const look of looks(proving, { ...base, reach })) {
      items += look.rows;
      pending += look.pending;
      await keep(proving, base, look, 1);
    }
  const { range, sample } = proving.proof.asked;
  if (range === null && sample === null) await keepStrays(proving, base, 1);
  return { items, pending };
}

/** The second reading: of those that differed, what differs again in the same way. */
export async function compareMadeAgain(
  proving: Proving,
  entity: Entity,
  made: Made,
): Promise<void> {
  const base = sightOf(proving, entity, made);
  if (base === undefined) return;
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const keys = await candidates(proving, base, after);
    const last = keys.at(-1);
    if (last === undefined) break;
    for await (const look of looks(proving, { ...base, reach: reachOf(keys) }))
      await keep(proving, base, look, 2);
    after = last;
  }
  await keepStrays(proving, base, 2);
}

type Base = Omit<Sight, "reach">;

function sightOf({ keepsKey }: Proving, entity: Entity, made: Made): Base | undefined {
  const content = contentOf([entity]).get(entity.content ?? "");
  return content && { entity, content, isKept: keepsKey(entity), made };
}

/** The rows that are asked for: all of them at once, or the chosen ones a page at a time. */
async function* reaches({ ask, proof }: Proving, entity: Entity): AsyncGenerator<Reach | null> {
  const { range, sample } = proof.asked;
  if (sample === null) yield range === null ? null : reachOf(range);
  else for await (const keys of sampleOf(ask, entity, range, sample, proof.id)) yield reachOf(keys);
}

async function* looks({ target, signal }: Proving, sight: Sight): AsyncGenerator<Look> {
  let after: number | null = Number.MIN_SAFE_INTEGER;
  while (after !== null) {
    const from: number = after;
    const look: Look = await inSnapshot(target, (tx) => lookAtContent(tx, sight, from), { signal });
    yield look;
    after = look.last;
  }
}

async function keep(
  { target, proof }: Proving,
  { entity, made: { column } }: Base,
  { found }: Look,
  reads: 1 | 2,
): Promise<void> {
  await inTransaction(
    target,
    async (tx) => {
      await tx.query(
        `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
         select ${proof.id}, $1, d.legacy_id, '${column}', d.kind, ${reads}
         from unnest($2::bigint[], $3::text[]) as d (legacy_id, kind) where ${againOf(proof.id, "$1", `'${column}'`, reads)}
         on conflict do nothing`,
        [entity.name, found.map(({ sourceKey }) => sourceKey), found.map(({ kind }) => kind)],
      );
      await stillHeld(tx, proof);
    },
    { commit: "soon" },
  );
}

/** SQL: in the second reading, that the first one has found `d`, too. */
function againOf(proofId: number, entity: string, column: string, reads: 1 | 2): string {
  if (reads === 1) return "true";
  return `exists (select from migration.proof_differences f where f.proof_id = ${proofId} and f.entity = ${entity}
    and f.legacy_id = d.legacy_id and f.column_name = ${column} and f.kind = d.kind and f.reads = 1)`;
}

/** What there is of rows that are not there. */
async function keepStrays(
  { target, proof }: Proving,
  { entity, content, made: { straysSql } }: Base,
  reads: 1 | 2,
): Promise<void> {
  if (straysSql === null) return;
  const story = async (tx: Queryable): Promise<void> => {
    await tx.query(
      `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
       select ${proof.id}, $1, d.legacy_id, d.column_name, d.kind, ${reads} from (${straysSql(content)}) d
       where ${againOf(proof.id, "$1", "d.column_name", reads)} on conflict do nothing`,
      [entity.name, content.contentType],
    );
    await stillHeld(tx, proof);
  };
  await inTransaction(target, story, { commit: "soon" });
}

/** Candidates that are read at once. */
const AGAIN_ROWS = 5_000;

async function candidates(
  { target, proof }: Proving,
  { entity, made: { column } }: Base,
  after: number,
): Promise<readonly number[]> {
  const found = await target.query<{ key: number }>(
    `select distinct legacy_id as key from migration.proof_differences
     where proof_id = $1 and entity = $2 and reads = 1 and legacy_id > $3::bigint and column_name = '${column}' order by 1 limit ${AGAIN_ROWS}`,
    [proof.id, entity.name, after],
  );
  return found.rows.map((row) => row.key);
}
