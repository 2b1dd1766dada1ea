/** Writes vectors to their texts as they arrive: many in a statement, and none kept back for long. */
import type { Queryable } from "@nexus/shared/database";
import type { Embedding } from "@nexus/shared/embedding";

/** Vectors of one statement, at most: 4 kB each. */
const STATEMENT = 200;

/** How long a vector waits for others, in milliseconds. What a killed process loses is what waited. */
const PATIENCE_MS = 250;

export interface VectorStore {
  /** Resolves when the vector is committed. */
  store(textId: number, embedding: Embedding): Promise<void>;
  /** Writes at once what waits: nothing more is to come for now. */
  flush(): void;
}

interface Waiting {
  readonly textId: number;
  readonly embedding: Embedding;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** `vectors`: the schema of extension vector. */
export function openVectorStore(target: Queryable, vectors: string): VectorStore {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    if (group.length > 0) void writeGroup(target, vectors, group);
  };
  return {
    store: (textId, embedding) =>
      new Promise((resolve, reject) => {
        waiting.push({ textId, embedding, resolve, reject });
        if (waiting.length >= STATEMENT) flush();
        else timer ??= setTimeout(flush, PATIENCE_MS);
      }),
    flush,
  };
}

async function writeGroup(target: Queryable, vectors: string, group: readonly Waiting[]): Promise<void> {
  try {
    await write(target, vectors, group);
    for (const { resolve } of group) resolve();
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}

/** A row of parameters for each vector: binary ones are read five times as fast as arrays of texts (10,000 against 2,000 a second). */
async function write(target: Queryable, vectors: string, group: readonly Waiting[]): Promise<void> {
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
