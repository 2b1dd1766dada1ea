/** Verification of vectors: each content row has the vectors of its text, in its practice, and none besides. */
import type { Pool } from "@nexus/shared/database";
import { chunk, cutInTwo, textDigest } from "@nexus/shared/embedding";
import { createProof, type ProofAsked } from "@nexus/shared/ledger";
import { needsVectors } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { booksByHand, loadByHand, ROWS } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

const ALL: ProofAsked = { entities: ["cases"], range: null, sample: null, codes: null };

let deps: Deps;
let target: Pool;

/** The vectors of all cases as an embedder leaves them; hashes and words of the texts are the server's. */
const EMBEDDED = `
  insert into public.ai_embeddings (practice_id, content_type, content_id, embedding, sha256_hash, model, metadata)
    select practice_id, 'case', id, array_fill(0.1::real, '{1024}')::public.vector,
      encode(sha256(convert_to('Case: ' || title || E'\\nType: refinement\\nState: submitted', 'UTF8')), 'hex'),
      'test', jsonb_build_object('legacy_id', legacy_project_id)
    from public.cases;
  insert into migration.embedding_items (content_type, content_id, version, chunks) select 'case', id, xmin, 1 from public.cases;
  insert into migration.content_events (content_type, target_ids, done_at) select 'case', array_agg(id), now() from public.cases;
  update migration.runs set embeddings = true`;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  needsVectors(context);
  await loadByHand(deps.legacy, target);
});

interface Found {
  /** `key column kind` */
  readonly said: readonly string[];
  readonly vectors: unknown;
}

async function verified(asked: Partial<ProofAsked> = {}): Promise<Found> {
  const by = { actor: "tester", reason: null };
  const id = await createProof(target, "verification", { ...ALL, ...asked }, by);
  await prove(deps, booksByHand());
  const ended = await target.query(
    "select status, error_code as code from migration.proofs where id = $1",
    [id],
  );
  expect(ended.rows).toEqual([{ status: "done", code: null }]);
  const { rows } = await target.query<{ said: string }>(
    `select concat_ws(' ', legacy_id, column_name, kind) as said
     from migration.proof_differences where proof_id = $1 order by legacy_id, column_name, kind`,
    [id],
  );
  const counted = await target.query<{ vectors: string | null }>(
    "select vectors::text from migration.proof_entities where proof_id = $1 and entity = 'cases'",
    [id],
  );
  const vectors = counted.rows[0]?.vectors ?? null;
  return {
    said: rows.map(({ said }) => said),
    vectors: vectors === null ? null : JSON.parse(vectors),
  };
}

describe("verification of vectors", () => {
  it("finds nothing where each row has those of its text", async () => {
    await target.query(EMBEDDED);
    expect(await verified()).toEqual({ said: [], vectors: { items: ROWS, pending: 0 } });
  });

  const defects: readonly (readonly [kind: string, sql: string, said: readonly string[]])[] = [
    [
      "a missing vector",
      "delete from public.ai_embeddings where metadata->>'legacy_id' = '3'",
      ["3 embedding missing_vector"],
    ],
    [
      "a vector of another text",
      "update public.ai_embeddings set sha256_hash = repeat('0', 64) where metadata->>'legacy_id' = '4'",
      ["4 embedding stale_vector"],
    ],
    [
      "vectors of two rows that were swapped",
      `update public.ai_embeddings a set sha256_hash = (select b.sha256_hash from public.ai_embeddings b
         where b.metadata->>'legacy_id' = (13 - (a.metadata->>'legacy_id')::integer)::text)
       where metadata->>'legacy_id' in ('6', '7')`,
      ["6 embedding stale_vector", "7 embedding stale_vector"],
    ],
    [
      "a text that others have changed since",
      "update public.cases set title = 'Another' where legacy_project_id = 5",
      ["5 embedding stale_vector", "5 title changed_cell"],
    ],
    [
      "a vector besides",
      `insert into public.ai_embeddings (practice_id, content_type, content_id, chunk_index, embedding, sha256_hash, model)
         select practice_id, content_type, content_id, 1, embedding, sha256_hash, model from public.ai_embeddings where metadata->>'legacy_id' = '8'`,
      ["8 embedding extra_vector"],
    ],
    [
      "a vector of a row that is not there",
      "update public.ai_embeddings set content_id = gen_random_uuid() where metadata->>'legacy_id' = '9'",
      ["9 embedding extra_vector", "9 embedding missing_vector"],
    ],
    [
      "a vector in another practice, and in none",
      `update public.ai_embeddings set practice_id = (select id from public.practices where legacy_id = 1) where metadata->>'legacy_id' = '10';
       update public.ai_embeddings set practice_id = null where metadata->>'legacy_id' = '11'`,
      ["10 embedding wrong_practice", "11 embedding wrong_practice"],
    ],
    [
      "a row whose text could not be embedded",
      `delete from public.ai_embeddings where metadata->>'legacy_id' = '12';
       insert into migration.embedding_failures (content_type, content_id, version, code) select 'case', id, xmin, 'TooLong' from public.cases where legacy_project_id = 12;
       update migration.runs set embeddings = false`,
      ["12 embedding missing_vector"],
    ],
  ];

  it.each(defects)("finds %s, and nothing else", async (_, sql, said) => {
    await target.query(EMBEDDED);
    await target.query(sql);
    expect(await verified()).toEqual({ said, vectors: { items: ROWS, pending: 0 } });
  });

  it("names the row of a vector without a key", async () => {
    await target.query(EMBEDDED);
    await target.query(
      `insert into public.ai_embeddings (content_type, content_id, embedding, sha256_hash, model)
       select 'case', ('00000000-0000-4000-8000-00000000000' || n)::uuid, embedding, sha256_hash, model from public.ai_embeddings, generate_series(1, 2) n where metadata->>'legacy_id' = '8'`,
    );
    expect((await verified()).said).toEqual([
      "0 embedding of 00000000-0000-4000-8000-000000000001 extra_vector",
      "0 embedding of 00000000-0000-4000-8000-000000000002 extra_vector",
    ]);
  });

  it("tells apart what a run without embeddings has loaded, or changed", async () => {
    expect(await verified()).toEqual({ said: [], vectors: { items: ROWS, pending: ROWS } });
    await target.query(EMBEDDED);
    await target.query(
      `update public.cases set title = 'Another' where legacy_project_id in (5, 35);
       update hand.cases set title = 'Another' where source_key in (5, 35);
       insert into migration.runs (status, embeddings) values ('completed', false);
       insert into migration.batches (run_id, entity, seq, keys, expected, status, finished_at)
         select max(id), 'cases', 1, '{5}', 1, 'done', clock_timestamp() from migration.runs`,
    );
    expect(await verified()).toEqual({
      said: ["35 embedding stale_vector"],
      vectors: { items: ROWS, pending: 1 },
    });
  });

  it("tells apart what an embedder has still to do, page by page; a wrong practice counts all the same", async () => {
    await target.query(EMBEDDED);
    await target.query(
      `delete from public.ai_embeddings where metadata->>'legacy_id' in ('1', '2', '3');
       insert into migration.content_events (content_type, target_ids, pages_done)
         select 'case', array_agg(id order by legacy_project_id <> 1) || array_fill(gen_random_uuid(), '{48}')
           || (select array_agg(id) from public.cases where legacy_project_id = 3), '{0}'
         from public.cases where legacy_project_id in (1, 2);
       update public.ai_embeddings set practice_id = null where metadata->>'legacy_id' = '4';
       insert into migration.content_events (content_type, target_ids) select 'case', array_agg(id) from public.cases where legacy_project_id in (4, 5)`,
    );
    expect(await verified()).toEqual({
      said: [
        "1 embedding missing_vector",
        "2 embedding missing_vector",
        "4 embedding wrong_practice",
      ],
      vectors: { items: ROWS, pending: 1 },
    });
  });

  it("takes a text for whole whose chunks the model has refused and the embedder has cut", async () => {
    await target.query(EMBEDDED);
    const title = "The crown of the first molar is to be replaced. ".repeat(40).trim();
    const [whole = ""] = chunk(`Case: ${title}\nType: refinement\nState: submitted`);
    const [first = "", second = ""] = cutInTwo(whole);
    const pieces = [...cutInTwo(first), second].map(textDigest);
    await target.query("update public.cases set title = $1 where legacy_project_id in (1, 2)", [
      title,
    ]);
    await target.query("update hand.cases set title = $1 where source_key in (1, 2)", [title]);
    await target.query(
      `delete from public.ai_embeddings where metadata->>'legacy_id' in ('1', '2')`,
    );
    await target.query(
      `insert into public.ai_embeddings (practice_id, content_type, content_id, chunk_index, embedding, sha256_hash, model)
       select practice_id, 'case', id, nth - 1, array_fill(0.1::real, '{1024}')::public.vector, hash, 'test'
       from public.cases, unnest($1::text[]) with ordinality h (hash, nth)
       where legacy_project_id = 1 or (legacy_project_id = 2 and nth < 3)`,
      [pieces],
    );
    expect((await verified()).said).toEqual(["2 embedding missing_vector"]);
  });

  it("passes over a row that is too long to be put into words here, and looks at the next", async () => {
    await target.query(EMBEDDED);
    const long = "repeat('word ', 4000000)";
    await target.query(
      `update public.cases set title = ${long} where legacy_project_id in (3, 4);
       update hand.cases set title = ${long} where source_key in (3, 4);
       delete from public.ai_embeddings where metadata->>'legacy_id' in ('3', '5')`,
    );
    expect(await verified()).toEqual({
      said: ["5 embedding missing_vector"],
      vectors: { items: ROWS - 2, pending: 0 },
    });
  });

  it("looks at what is asked for only: a range, a sample", async () => {
    await target.query(EMBEDDED);
    await target.query("delete from public.ai_embeddings");
    const range = await verified({ range: { from: 3, to: 5 } });
    expect(range).toEqual({
      said: [3, 4, 5].map((key) => `${key} embedding missing_vector`),
      vectors: { items: 3, pending: 0 },
    });
    const sample = await verified({ sample: 30 });
    expect(sample.said.length).toBeGreaterThan(0);
    expect(sample.said.length).toBeLessThan(ROWS);
    expect(sample.vectors).toEqual({ items: sample.said.length, pending: 0 });
  });

  it("says of a target without a table for vectors that all is pending", async () => {
    await target.query("drop table public.ai_embeddings");
    expect(await verified()).toEqual({ said: [], vectors: { items: ROWS, pending: ROWS } });
  });
});
