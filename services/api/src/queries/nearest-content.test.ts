import { asTenant, bucketIndex, bucketOf, inBucket, type Pool } from "@nexus/shared/database";
import { lexicalVector } from "@nexus/shared/embedding";
import { freshTarget, needsVectors } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type Found, nearestContent, type Scan, scanFor } from "./nearest-content.ts";

/** Of one bucket. */
const [rare, crowd] = [
  "00000000-0000-4000-8000-000000000000",
  "00000000-0000-4000-8000-000000000002",
];
const EXACT: Scan = { vectors: "public", bucket: undefined };
let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
  needsVectors(context);
  await target.query("insert into public.practices (id, name) values ($1, 'rare'), ($2, 'crowd')", [
    rare,
    crowd,
  ]);
});

describe("the nearest content", () => {
  it("is k of k by the index too, where a crowd of others is nearer and the practice is rare", async () => {
    await add(crowd, 600, (n) => `broken upper molar ${n}`);
    await add(rare, 15, (n) => `lower retainer for canine ${n}`);
    const scan = await indexed(rare);
    const byIndex = await ask(scan, rare, "broken upper molar");
    expect(byIndex).toHaveLength(10);
    expect(byIndex).toEqual(await ask(EXACT, rare, "broken upper molar"));
    expect(await ask(scan, crowd, "broken upper molar")).toHaveLength(10);
  });

  it("is asked of the index only where a practice has many, of the wanted types", async () => {
    expect(await scanFor(target, { practiceId: rare, types: undefined })).toEqual(EXACT);
    await target.query(
      `insert into public.ai_embeddings (practice_id, content_type, content_id, embedding, sha256_hash, model)
       select $1, 'case', gen_random_uuid(), $2::text::vector, '', 'm' from generate_series(1, 1001)`,
      [rare, `[${lexicalVector("x").join()}]`],
    );
    expect(await scanFor(target, { practiceId: rare, types: undefined })).toEqual(EXACT);
    const scan = await indexed(rare);
    expect(await scanFor(target, { practiceId: rare, types: undefined })).toEqual(scan);
    expect(await scanFor(target, { practiceId: rare, types: ["patient"] })).toEqual(EXACT);
    expect(await scanFor(target, { practiceId: crowd, types: undefined })).toEqual(EXACT);
  });
});

async function ask(
  scan: Scan,
  practiceId: string,
  query: string,
): Promise<readonly Found[] | undefined> {
  const wanted = {
    practiceId,
    vector: lexicalVector(query),
    model: "m",
    types: undefined,
    limit: 10,
  };
  return await asTenant(target, practiceId, (tx) => nearestContent(tx, scan, wanted));
}

/** Builds the index of a practice's bucket. */
async function indexed(practice: string): Promise<Scan> {
  const { rows } = await target.query<{ bucket: number }>(
    `select ${bucketOf("$1::uuid")} as bucket`,
    [practice],
  );
  const bucket = rows[0]?.bucket ?? 0;
  await target.query(
    `create index ${bucketIndex(bucket)} on public.ai_embeddings
       using hnsw ((embedding::halfvec(1024)) halfvec_ip_ops) where ${inBucket(bucket)}`,
  );
  await target.query("analyze public.ai_embeddings");
  return { vectors: "public", bucket };
}

async function add(practice: string, count: number, text: (n: number) => string): Promise<void> {
  const vectors = Array.from({ length: count }, (_, n) => `[${lexicalVector(text(n)).join()}]`);
  await target.query(
    `insert into public.ai_embeddings (practice_id, content_type, content_id, embedding, sha256_hash, model)
     select $1, 'case', gen_random_uuid(), v::vector, '', 'm' from unnest($2::text[]) v`,
    [practice, vectors],
  );
}
