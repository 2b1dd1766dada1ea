/**
 * Verification of vectors: each content row has those of the text that it has now, in its practice, and none besides. Texts are composed anew of the
 * target's rows, by the catalog's composers and the chunker, and compared by their hashes. Rows are read twice, as all rows are.
 */
import { contentOf, type Entity } from "@nexus/catalog";
import { inSnapshot, inTransaction, type Queryable } from "@nexus/shared/database";
import { type ProvedVectors, stillHeld } from "@nexus/shared/ledger";
import { type Reach, reachOf } from "./compare-sql.ts";
import type { Proving } from "./proving.ts";
import { sampleOf } from "./ranges.ts";
import { lookAtContent, type Look, type Sight } from "./read-content.ts";

/** The column of a difference that is one of vectors. */
export const VECTOR_COLUMN = "embedding";

/** The first reading of an entity's vectors. Undefined: its rows are no content. */
export async function compareVectors(
  proving: Proving,
  entity: Entity,
): Promise<ProvedVectors | undefined> {
  let [items, pending] = [0, 0];
  const base = await sightOf(proving, entity);
  if (base === undefined) return undefined;
  for await (const reach of reaches(proving, entity))
    for await (const look of looks(proving, { ...base, reach })) {
      items += look.rows;
      pending += look.pending;
      await keep(proving, entity, look, 1);
    }
  const { range, sample } = proving.proof.asked;
  if (base.hasVectors && range === null && sample === null) await keepStrays(proving, base, 1);
  return { items, pending };
}

/** The second reading: of those that differed, what differs again in the same way. */
export async function compareVectorsAgain(proving: Proving, entity: Entity): Promise<void> {
  const base = await sightOf(proving, entity);
  if (base === undefined) return;
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const keys = await candidates(proving, entity, after);
    const last = keys.at(-1);
    if (last === undefined) break;
    for await (const look of looks(proving, { ...base, reach: reachOf(keys) }))
      await keep(proving, entity, look, 2);
    after = last;
  }
  if (base.hasVectors) await keepStrays(proving, base, 2);
}

async function sightOf(
  { target, keepsKey }: Proving,
  entity: Entity,
): Promise<Omit<Sight, "reach"> | undefined> {
  const content = contentOf([entity]).get(entity.content ?? "");
  if (content === undefined) return undefined;
  const found = await target.query<{ hasVectors: boolean }>(
    `select to_regclass('public.ai_embeddings') is not null as "hasVectors"`,
  );
  const hasVectors = found.rows[0]?.hasVectors ?? false;
  return { entity, content, isKept: keepsKey(entity), hasVectors };
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
  entity: Entity,
  { found }: Look,
  reads: 1 | 2,
): Promise<void> {
  await inTransaction(
    target,
    async (tx) => {
      await tx.query(
        `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
         select ${proof.id}, $1, d.legacy_id, '${VECTOR_COLUMN}', d.kind, ${reads}
         from unnest($2::bigint[], $3::text[]) as d (legacy_id, kind) where ${againOf(proof.id, "$1", `'${VECTOR_COLUMN}'`, reads)}
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

/** Vectors whose content row is not there. They know its legacy key; where they do not, their column names its id. */
async function keepStrays(
  { target, proof }: Proving,
  { entity, content }: Omit<Sight, "reach">,
  reads: 1 | 2,
): Promise<void> {
  const story = async (tx: Queryable): Promise<void> => {
    await tx.query(
      `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
       select ${proof.id}, $1, d.legacy_id, d.column_name, d.kind, ${reads} from (${straysSql(content.table)}) d
       where ${againOf(proof.id, "$1", "d.column_name", reads)} on conflict do nothing`,
      [entity.name, content.contentType],
    );
    await stillHeld(tx, proof);
  };
  await inTransaction(target, story, { commit: "soon" });
}

/** Ids alone are read first: the index has them, and a vector fills its page. */
function straysSql(table: string): string {
  return `
    select coalesce(k.key, 0) as legacy_id, case when k.key is null then '${VECTOR_COLUMN} of ' || s.content_id else '${VECTOR_COLUMN}' end as column_name,
      'extra_vector' as kind
    from (select distinct content_id from public.ai_embeddings a
      where content_type = $2 and not exists (select from public.${table} c where c.id = a.content_id)) s
    cross join lateral (
      select min(case when a.metadata->>'legacy_id' ~ '^-?[0-9]{1,15}$' then (a.metadata->>'legacy_id')::bigint end) as key
      from public.ai_embeddings a where a.content_type = $2 and a.content_id = s.content_id) k`;
}

/** Candidates that are read at once. */
const AGAIN_ROWS = 5_000;

async function candidates(
  { target, proof }: Proving,
  entity: Entity,
  after: number,
): Promise<readonly number[]> {
  const found = await target.query<{ key: number }>(
    `select distinct legacy_id as key from migration.proof_differences
     where proof_id = $1 and entity = $2 and reads = 1 and legacy_id > $3::bigint and column_name = '${VECTOR_COLUMN}' order by 1 limit ${AGAIN_ROWS}`,
    [proof.id, entity.name, after],
  );
  return found.rows.map((row) => row.key);
}
