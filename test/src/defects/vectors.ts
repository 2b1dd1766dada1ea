/** Defects of vectors: a few rows of each kind of content have theirs, and something is done to those. All other content is pending. */
import { contentOf, entities } from "@nexus/catalog";
import { difyEnvironment, startDify } from "@nexus/local/dify";
import type { Pool } from "@nexus/shared/database";
import { filled } from "../dify.ts";
import { drained } from "../embeddings.ts";
import type { Journey } from "../journey.ts";
import type { Recipe } from "./plant.ts";

/** A text of two chunks: the chunker fills one with 40,000 characters at most. */
const LONG = `repeat('The crown of the first molar is to be replaced. ', 1100)`;

/** Gives `count` orders of the source notes that take more than one vector. */
export async function lengthenNotes(legacy: Pool, count: number): Promise<void> {
  await legacy.query(
    `update dispatch_instruction set notes = id || ': ' || ${LONG} where id in (
       select i.id from dispatch_instruction i join dispatch_plan p on p.instruction_id = i.id
       group by i.id having count(*) = 1 order by i.id limit ${count})`,
  );
}

/** Has a real embedder make the vectors and the documents of `count` rows of each kind of content, long texts first. Returns the rows as `entity key`. */
export async function embedSome(
  { target, start }: Journey,
  seed: number,
  count: number,
): Promise<ReadonlySet<string>> {
  const offered: string[] = [];
  for (const { name, content } of entities) {
    const found = contentOf(entities).get(content ?? "");
    if (found === undefined) continue;
    const { rows } = await target.query<{ id: string; key: number }>(
      `select id, ${found.key}::bigint as key from public.${found.table} t
       order by length(t::text) > 40000 desc, hashint8extended(${found.key}, ${seed}) limit ${count}`,
    );
    await target.query(
      `insert into migration.content_events (content_type, target_ids, dify_open) values ($1, $2::uuid[], true)`,
      [content, rows.map(({ id }) => id)],
    );
    offered.push(...rows.map(({ key }) => `${name} ${key}`));
  }
  const dify = await startDify();
  try {
    const embedder = await start("embedder", difyEnvironment(dify.url));
    await Promise.all([drained(target, 120_000), filled(target, 120_000)]);
    // It sweeps vectors away whose row is not there.
    await embedder.kill("SIGTERM");
  } finally {
    await dify.close();
  }
  return new Set(offered);
}

type Place = readonly [entity: string, contentType: string];

const PLACES: readonly Place[] = entities.flatMap(({ name, content }) =>
  content === null ? [] : [[name, content] as const],
);

const KEY = "(a.metadata->>'legacy_id')::bigint";

/** `sql`: after `where ${mine}`, or with it inside; `rows`: which of the vectors. */
function vector(
  kind: string,
  [entity, contentType]: Place,
  strike: (mine: string) => string,
  rows = "true",
): Recipe {
  const of = `a.content_type = '${contentType}'`;
  return {
    kind,
    victims: `select distinct ${KEY} as key from public.ai_embeddings a where ${of} and ${rows}`,
    strike: { on: "target", sql: strike(`${of} and ${KEY} = any($1::bigint[])`) },
    found: [{ entity, column: "embedding" }],
  };
}

/** Cases alone have long texts here. */
const CASES: Place = ["cases", "case"];
const SEVERAL = "a.chunk_index > 0";

const MISSING: readonly Recipe[] = [
  vector(
    "missing_vector",
    CASES,
    (mine) => `delete from public.ai_embeddings a where ${mine} and a.chunk_index = ${KEY} % 2`,
    SEVERAL,
  ),
  ...PLACES.map((place) =>
    vector("missing_vector", place, (mine) => `delete from public.ai_embeddings a where ${mine}`),
  ),
];

/** Vector and hash of another text, as if two rows had been mixed up. */
const OF_ANOTHER = `select o.embedding, o.sha256_hash from public.ai_embeddings o
  where o.content_type = a.content_type and o.chunk_index = 0 and o.sha256_hash <> a.sha256_hash
  order by hashint8extended(${KEY.replace("a.", "o.")}, ${KEY}) limit 1`;

const STALE: readonly Recipe[] = [
  vector(
    "stale_vector",
    CASES,
    (
      mine,
    ) => `update public.ai_embeddings a set embedding = o.embedding, sha256_hash = o.sha256_hash
      from public.ai_embeddings o where o.content_id = a.content_id and o.chunk_index = 1 - a.chunk_index and ${mine}`,
    SEVERAL,
  ),
  ...PLACES.flatMap((place) => [
    vector(
      "stale_vector",
      place,
      (mine) =>
        `update public.ai_embeddings a set (embedding, sha256_hash) = (${OF_ANOTHER}) where ${mine} and a.chunk_index = 0`,
      `exists (${OF_ANOTHER})`,
    ),
    vector(
      "stale_vector",
      place,
      (mine) => `update public.ai_embeddings a set sha256_hash = repeat('0', 64) where ${mine}`,
    ),
  ]),
];

/** A copy of a row's last vector, with other columns. */
function copied(mine: string, contentId: string, chunk: string, metadata: string): string {
  return `insert into public.ai_embeddings (practice_id, content_type, content_id, chunk_index, embedding, sha256_hash, model, metadata)
    select distinct on (a.content_id) practice_id, content_type, ${contentId}, ${chunk}, embedding, sha256_hash, model, ${metadata}
    from public.ai_embeddings a where ${mine} order by a.content_id, a.chunk_index desc`;
}

const EXTRA: readonly Recipe[] = PLACES.flatMap((place) => [
  vector("extra_vector", place, (mine) =>
    copied(mine, "content_id", `chunk_index + 1 + ${KEY} % 3`, "metadata"),
  ),
  // Of a row that is not there: it knows which row that was.
  vector("extra_vector", place, (mine) => copied(mine, "gen_random_uuid()", "0", "metadata")),
]);

/** Of another practice, or of none. */
const WRONG_PRACTICE: readonly Recipe[] = PLACES.map((place) =>
  vector(
    "wrong_practice",
    place,
    (mine) => `update public.ai_embeddings a set practice_id =
        case when ${KEY} % 3 = 0 and a.practice_id is not null then null
          else (select p.id from public.practices p where p.id is distinct from a.practice_id order by hashint8extended(p.legacy_id, ${KEY}) limit 1) end
      where ${mine}`,
  ),
);

export const VECTORS: readonly Recipe[] = [...MISSING, ...STALE, ...EXTRA, ...WRONG_PRACTICE];
