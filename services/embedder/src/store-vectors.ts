/** Writes vectors to their texts as they arrive: while one statement is under way, those that come meanwhile gather for the next. */
import type { Queryable } from "@nexus/shared/database";
import type { Embedding } from "@nexus/shared/embedding";
import { microBatch } from "@nexus/shared/runtime";

/** Vectors of one statement, at most: 4 kB each. */
const STATEMENT = 200;

export interface VectorStore {
  /** Resolves when the vector is committed. */
  store(textId: number, embedding: Embedding): Promise<void>;
}

interface Answered {
  readonly textId: number;
  readonly embedding: Embedding;
}

/** `vectors`: the schema of extension vector. */
export function openVectorStore(target: Queryable, vectors: string): VectorStore {
  const storeOne = microBatch<Answered, true>(STATEMENT, async (group) => {
    await write(target, vectors, group);
    return group.map(() => true);
  });
  return {
    store: async (textId, embedding) => {
      await storeOne({ textId, embedding });
    },
  };
}

/** A row of parameters for each vector: binary ones are read five times as fast as arrays of texts (10,000 against 2,000 a second). */
async function write(
  target: Queryable,
  vectors: string,
  group: readonly Answered[],
): Promise<void> {
  const rows = group.map(
    (_, n) => `($${3 * n + 1}::bigint, $${3 * n + 2}::${vectors}.vector, $${3 * n + 3}::integer)`,
  );
  await target.query(
    `update migration.embedding_texts t
     set embedding = v.embedding, tokens = v.tokens, embedded_at = now(), claimed_until = null, error_code = null
     from (values ${rows.join(", ")}) as v (id, embedding, tokens) where t.id = v.id`,
    group.flatMap(({ textId, embedding }) => [textId, binary(embedding.vector), embedding.tokens]),
  );
}

/** pgvector's wire format: the number of dimensions, a zero (16 bits each), then the floats, all big-endian. */
function binary(vector: Float32Array): Buffer {
  const buffer = Buffer.allocUnsafe(4 + 4 * vector.length);
  buffer.writeUInt16BE(vector.length, 0);
  buffer.writeUInt16BE(0, 2);
  for (const [index, value] of vector.entries()) buffer.writeFloatBE(value, 4 + 4 * index);
  return buffer;
}
