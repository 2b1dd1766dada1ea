import { freshTarget } from "@nexus/shared/testing";
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { apiOn } from "../api.fixture.ts";

it("/v1/dify offers what is missing, once, and counts what became of it", async (context) => {
  const target = await freshTarget(context);
  const api = apiOn(target, "postgres://nobody@nowhere.test/x");
  const count = (items: object) =>
    expect.objectContaining({ items: expect.objectContaining(items) });
  expect((await api.get("/v1/dify")).body).toEqual({
    status: "idle",
    pausedBecause: null,
    datasets: 0,
    items: { offered: 0, open: 0, indexing: 0, done: 0, empty: 0, failed: 0 },
  });
  await target.query(
    `insert into public.cases (id, title) select gen_random_uuid(), 'Upper arch' from generate_series(1, 3)`,
  );
  expect(await api.post("/v1/dify/backfill")).toMatchObject({
    status: 200,
    body: { events: 1, items: 3 },
  });
  expect(await api.post("/v1/dify/backfill")).toMatchObject({
    status: 200,
    body: { events: 0, items: 0 },
  });
  expect((await api.get("/v1/dify")).body).toEqual(count({ offered: 3 }));
  await target.query(
    `update migration.content_events set dify_open = false;
     insert into migration.dify_documents (content_type, content_id, due_at, dataset_id, document_id, indexing_since, code) values
       ('case', '${randomUUID()}', now(), 'd', null, null, null), ('case', '${randomUUID()}', now(), 'd', '1', now(), null),
       ('case', '${randomUUID()}', null, 'd', '2', null, null), ('case', '${randomUUID()}', null, null, null, null, null),
       ('case', '${randomUUID()}', null, null, null, null, 'invalid_param')`,
  );
  expect((await api.get("/v1/dify")).body).toEqual(
    count({ offered: 0, open: 1, indexing: 1, done: 1, empty: 1, failed: 1 }),
  );
});
