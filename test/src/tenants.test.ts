/** Equal texts of two practices are two texts. */
import { entities } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { freshDatabase, needsVectors } from "@nexus/shared/testing";
import { expect, it } from "vitest";

it("keeps one embedding for each practice, however equal their texts are", async (context) => {
  needsVectors(context);
  const url = await freshDatabase(context);
  await withPool({ url, max: 1, name: "nexus-test" }, async (target) => {
    await migrateTarget({ target, entities });
    await target.query(
      `insert into practices (id, name) values (gen_random_uuid(), 'a'), (gen_random_uuid(), 'b')`,
    );
    const embed = `insert into ai_embeddings (id, practice_id, content_type, content_id, chunk_index, sha256_hash, model, embedding)
      select gen_random_uuid(), id, 'case', gen_random_uuid(), 0, 'the same', 'model', array_fill(0.5::real, array[1024]) from practices`;
    expect((await target.query(embed)).rowCount).toBe(2);
  });
});
