/** A private PostgreSQL with pgvector whose target holds the corpus, indexed, and an API that searches it. */
import { entities } from "@nexus/catalog";
import { bucketIndex, buckets, inBucket, type Pool, withPool } from "@nexus/shared/database";
import { lexicalVector } from "@nexus/shared/embedding";
import { migrateTarget } from "@nexus/shared/ledger";
import { practiceSizes, textOf } from "./search-corpus.ts";

/** The model of provider `local`. */
const MODEL = "local-lexical-1";

/** Vectors of one statement. */
const STATEMENT = 200;

export interface Practice {
  readonly id: string;
  readonly size: number;
}

/** Fills a new target, without its index. Practices from the largest to the smallest. */
export async function fillTarget(url: string, total: number): Promise<Practice[]> {
  return await withPool({ url, max: 1, name: "nexus-bench" }, async (target) => {
    await migrateTarget({ target, entities });
    const practices = practiceSizes(total).map((size, n) => ({ id: uuid(n), size }));
    await target.query(
      "insert into public.practices (id, name) select id, 'Practice' from unnest($1::uuid[]) id",
      [practices.map(({ id }) => id)],
    );
    const owners = shuffled(practices.flatMap(({ id, size }) => Array<string>(size).fill(id)));
    for (let from = 0; from < owners.length; from += STATEMENT)
      await insert(target, from, owners.slice(from, from + STATEMENT));
    await target.query("vacuum analyze public.ai_embeddings");
    return practices;
  });
}

/** As after a run: once, when all vectors are there. Seconds. */
export async function indexVectors(url: string): Promise<number> {
  return await withPool({ url, max: 1, name: "nexus-bench" }, async (target) => {
    const start = performance.now();
    for (const bucket of buckets)
      await target.query(
        `create index ${bucketIndex(bucket)} on public.ai_embeddings using hnsw ((embedding::halfvec(1024)) halfvec_ip_ops) where ${inBucket(bucket)}`,
      );
    await target.query("vacuum analyze public.ai_embeddings");
    return (performance.now() - start) / 1000;
  });
}

async function insert(target: Pool, from: number, owners: readonly string[]): Promise<void> {
  const rows = owners.map(
    (_, n) =>
      `($${2 * n + 2}::uuid, 'case', md5('${from + n}')::uuid, $${2 * n + 3}::vector, '', $1)`,
  );
  await target.query(
    `insert into public.ai_embeddings (practice_id, content_type, content_id, embedding, sha256_hash, model) values ${rows.join(", ")}`,
    [
      MODEL,
      ...owners.flatMap((owner, n) => [owner, binary(lexicalVector(textOf("content", from + n)))]),
    ],
  );
}

/** pgvector's wire format: dimensions, a zero (16 bits each), then the floats, all big-endian. */
function binary(vector: Float32Array): Buffer {
  const buffer = Buffer.alloc(4 + 4 * vector.length);
  buffer.writeUInt16BE(vector.length, 0);
  for (const [index, value] of vector.entries()) buffer.writeFloatBE(value, 4 + 4 * index);
  return buffer;
}

function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** Each practice's vectors lie scattered over the table, as after years of work. Fisher and Yates, with a fixed seed. */
function shuffled(all: string[]): string[] {
  let state = 1;
  for (let at = all.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (at + 1);
    [all[at], all[other]] = [all[other] ?? "", all[at] ?? ""];
  }
  return all;
}
