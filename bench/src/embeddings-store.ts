/** How fast vectors are written, by the embedder's own writer, into texts that wait for theirs. */
import { openVectorStore } from "@nexus/embedder/store-vectors";
import { type Pool, withPool } from "@nexus/shared/database";
import { lexicalVector } from "@nexus/shared/embedding";
import { textOf } from "./search-corpus.ts";
import type { World } from "./world.ts";

const VECTORS = 50_000;

/** As many different ones as the memory of a bench may hold: 4 kB each. */
const DIFFERENT = 2_000;

/** Vectors a second. */
export async function storeRate(world: World): Promise<number> {
  const { targetUrl } = await world.newTarget();
  return await withPool({ url: targetUrl, max: 6, name: "nexus-bench" }, async (target) => {
    const ids = await claimedTexts(target);
    const embeddings = Array.from({ length: DIFFERENT }, (_, n) => {
      return { vector: lexicalVector(textOf("content", n)), tokens: 12 };
    });
    const store = openVectorStore(target, "public");
    const start = performance.now();
    await Promise.all(
      ids.map((id, n) =>
        store.store(id, embeddings[n % DIFFERENT] ?? { vector: new Float32Array(), tokens: 0 }),
      ),
    );
    return (1_000 * ids.length) / (performance.now() - start);
  });
}

async function claimedTexts(target: Pool): Promise<number[]> {
  const { rows } = await target.query<{ id: number }>(
    `insert into migration.embedding_texts (sha256, model, dimensions, claimed_until)
     select encode(sha256(n::text::bytea), 'hex'), 'bench', 1024, now() + interval '1 hour' from generate_series(1, ${VECTORS}) n
     returning id`,
  );
  return rows.map(({ id }) => id);
}
