/** Verification of documents of Dify, by the ledger: each content row has one of the text that it has now, in its practice's dataset, and none besides. */
import type { Pool } from "@nexus/shared/database";
import type { ProofAsked } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { loadByHand, ROWS } from "./by-hand.fixture.ts";
import { documentKinds } from "./documents.ts";
import { verifiedBeside } from "./verified-beside.fixture.ts";

const ALL: ProofAsked = { entities: ["cases"], range: null, sample: null, codes: null };

/** What a consumer leaves of all cases; hashes and words of the texts are the server's. */
const FILLED = `
  insert into migration.dify_datasets (practice_id, dataset_id, adopted) select id, 'set-' || legacy_id, false from public.practices;
  insert into migration.dify_documents (content_type, content_id, dataset_id, document_id, sha256, version, due_at, settled_at)
    select 'case', c.id, 'set-' || p.legacy_id, 'document-' || c.legacy_project_id,
      encode(sha256(convert_to('Case: ' || c.title || E'\\nType: refinement\\nState: submitted', 'UTF8')), 'hex'), c.xmin, null, clock_timestamp()
    from public.cases c join public.practices p on p.id = c.practice_id;
  update migration.runs set dify = true`;

const OF = (keys: string) =>
  `content_id in (select id from public.cases where legacy_project_id in (${keys}))`;

let deps: Deps;
let target: Pool;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  await loadByHand(deps.legacy, target);
});

/** What is found of documents, as `key column kind`, and what was looked at. */
async function verified(asked: Partial<ProofAsked> = {}) {
  const { said, counts } = await verifiedBeside(deps, "documents", "cases", { ...ALL, ...asked });
  return { said, documents: counts };
}

describe("verification of documents", () => {
  it("says nothing of them where Dify was never filled", async () => {
    expect(await verified()).toEqual({ said: [], documents: null });
  });

  it("finds nothing where each row has the document of its text", async () => {
    await target.query(FILLED);
    expect(await verified()).toEqual({ said: [], documents: { items: ROWS, pending: 0 } });
  });

  const defects: readonly (readonly [kind: string, sql: string, said: readonly string[]])[] = [
    [
      "a document that is missing, and one that nobody knows of any more",
      `update migration.dify_documents set document_id = null, sha256 = null where ${OF("3")};
       delete from migration.dify_documents where ${OF("13")}`,
      ["3 document missing_document", "13 document missing_document"],
    ],
    [
      "documents of another text",
      `update migration.dify_documents set sha256 = repeat('0', 64) where ${OF("4")};
       update migration.dify_documents set sha256 = null where ${OF("14")}`,
      ["4 document stale_document", "14 document stale_document"],
    ],
    [
      "a text that others have changed since",
      "update public.cases set title = 'Another' where legacy_project_id = 5",
      ["5 document stale_document"],
    ],
    [
      "a document in another practice's dataset, and in one that nobody knows",
      `update migration.dify_documents set dataset_id = 'set-1' where ${OF("6")};
       update migration.dify_documents set dataset_id = 'elsewhere' where ${OF("7")}`,
      ["6 document wrong_practice", "7 document wrong_practice"],
    ],
    [
      "a document of a row that belongs to nobody",
      `alter table public.cases disable trigger user; update public.cases set practice_id = null where legacy_project_id = 8;
       alter table public.cases enable trigger user`,
      ["8 document extra_document"],
    ],
    [
      "a row that Dify has refused",
      `update migration.dify_documents set document_id = null, sha256 = null, code = 'invalid_param' where ${OF("9")};
       update migration.runs set dify = false`,
      ["9 document missing_document"],
    ],
  ];

  it.each(defects)("finds %s, and nothing else", async (_, sql, said) => {
    await target.query(FILLED);
    await target.query(sql);
    expect(await verified()).toEqual({ said, documents: { items: ROWS, pending: 0 } });
  });

  it("names the row of a document whose row is not there", async () => {
    await target.query(FILLED);
    const id = "00000000-0000-4000-8000-000000000001";
    await target.query(
      `insert into migration.dify_documents (content_type, content_id, dataset_id, document_id, sha256, due_at) values ('case', $1, 'set-1', 'd', 'x', null)`,
      [id],
    );
    expect((await verified()).said).toEqual([`0 document of ${id} extra_document`]);
    await target.query("update migration.dify_documents set due_at = now() where content_id = $1", [
      id,
    ]);
    expect((await verified()).said).toEqual([]);
  });

  it("tells apart what a consumer has yet to do: what is due, what an event offers, and a case that has moved", async () => {
    await target.query(FILLED);
    await target.query(
      `update migration.dify_documents set due_at = now(), document_id = null where ${OF("1")};
       update migration.dify_documents set sha256 = null where ${OF("2, 3")};
       insert into migration.content_events (content_type, target_ids, done_at, dify_open)
         select 'case', array_agg(id), now(), true from public.cases where legacy_project_id = 2;
       update public.cases set practice_id = (select id from public.practices where legacy_id = 1) where legacy_project_id = 40`,
    );
    expect(await verified()).toEqual({
      said: ["3 document stale_document"],
      documents: { items: ROWS, pending: 3 },
    });
  });

  it("tells apart what a run without Dify has loaded, or changed", async () => {
    await target.query(FILLED);
    await target.query(
      `update public.cases set title = 'Another' where legacy_project_id in (5, 35);
       insert into migration.runs (status, embeddings, dify) values ('completed', false, false);
       insert into migration.batches (run_id, entity, seq, keys, expected, status, finished_at)
         select max(id), 'cases', 1, '{5}', 1, 'done', clock_timestamp() from migration.runs`,
    );
    expect(await verified()).toEqual({
      said: ["35 document stale_document"],
      documents: { items: ROWS, pending: 1 },
    });
    await target.query(
      "delete from migration.dify_documents; update migration.runs set dify = id = 2",
    );
    expect(await verified()).toEqual({ said: [], documents: { items: ROWS, pending: ROWS } });
  });

  it("looks at what is asked for only", async () => {
    await target.query(FILLED);
    await target.query("update migration.dify_documents set document_id = null");
    expect(await verified({ range: { from: 3, to: 5 } })).toEqual({
      said: [3, 4, 5].map((key) => `${key} document missing_document`),
      documents: { items: 3, pending: 0 },
    });
  });
});

it("calls each defect by one name", () => {
  const none = { isThere: false, hash: null, isApart: true };
  const other = { isThere: true, hash: "x", isApart: false };
  expect(documentKinds("", none)).toEqual([]);
  expect(documentKinds("a", none)).toEqual(["missing_document"]);
  expect(documentKinds(null, none)).toEqual(["missing_document"]);
  expect(documentKinds("", other)).toEqual(["extra_document"]);
  expect(documentKinds(null, other)).toEqual(["stale_document"]);
  expect(documentKinds("a", { ...other, isApart: true })).toEqual([
    "stale_document",
    "wrong_practice",
  ]);
});
