/** The stand-in's HTTP, as Dify documents its own. */
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { DIFY_KEY, type DifyOptions, startDify } from "./server.ts";

const answer = z.looseObject({
  id: z.string().optional(),
  code: z.string().optional(),
  document: z.object({ id: z.string(), indexing_status: z.string() }).optional(),
  data: z
    .array(z.looseObject({ name: z.string(), indexing_status: z.string().optional() }))
    .optional(),
  total: z.int().optional(),
});

const TEXT = { name: "case_state-1", text: "on hold" };

async function open(options: DifyOptions = {}) {
  const server = await startDify(options);
  onTestFinished(() => server.close());
  const ask = async (method: string, path: string, body?: object, key = DIFY_KEY) => {
    const headers = { authorization: `Bearer ${key}` };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(server.url + path, init);
    const text = await response.text();
    return { status: response.status, ...(text !== "" && answer.parse(JSON.parse(text))) };
  };
  const { id: dataset } = await ask("POST", "/datasets", {
    name: "mig-1",
    indexing_technique: "economy",
  });
  const create = `/datasets/${dataset}/document/create-by-text`;
  return { server, ask, create, documents: `/datasets/${dataset}/documents` };
}

it("takes its key only", async () => {
  const { ask } = await open();
  expect(await ask("GET", "/datasets", undefined, "other")).toMatchObject({
    status: 401,
    code: "unauthorized",
  });
});

it("has datasets of unique names of up to 40 characters, found by a part of them", async () => {
  const { ask } = await open();
  expect(await ask("POST", "/datasets", { name: "mig-1" })).toMatchObject({
    status: 409,
    code: "dataset_name_duplicate",
  });
  expect(await ask("POST", "/datasets", { name: "x".repeat(41) })).toMatchObject({
    status: 400,
    code: "invalid_param",
  });
  expect(await ask("GET", "/datasets?keyword=mig")).toMatchObject({
    total: 1,
    data: [{ name: "mig-1" }],
  });
});

it("has documents of names that may repeat, and finds them as SQL's like does", async () => {
  const { ask, create, documents } = await open();
  for (let n = 0; n < 2; n++) expect((await ask("POST", create, TEXT)).document).toBeDefined();
  await ask("POST", create.replaceAll("-by-", "_by_").replace("create-", "create_"), {
    ...TEXT,
    name: "case-state-1",
  });
  expect(await ask("GET", `${documents}?keyword=case_state-1`)).toMatchObject({ total: 3 });
  expect(await ask("GET", `${documents}?keyword=case-state-1`)).toMatchObject({ total: 1 });
});

it("takes no change of a document that it is indexing, and one of a document that is completed", async () => {
  const { server, ask, create, documents } = await open({ indexing: "stalls" });
  const { document } = await ask("POST", create, TEXT);
  const one = `${documents}/${document?.id}`;
  expect(await ask("POST", `${one}/update-by-text`, TEXT)).toMatchObject({
    status: 400,
    code: "invalid_param",
  });
  expect(await ask("DELETE", one)).toMatchObject({ status: 400, code: "document_indexing" });
  server.change({ indexing: "fails" });
  const { document: failed } = await ask("POST", create, { ...TEXT, name: "failed" });
  expect(failed?.indexing_status).toBe("error");
  server.change({ indexing: "completes" });
  const { document: done } = await ask("POST", create, { ...TEXT, name: "done" });
  expect((await ask("POST", `${documents}/${done?.id}/update-by-text`, TEXT)).status).toBe(200);
  expect((await ask("DELETE", `${documents}/${done?.id}`)).status).toBe(204);
  expect(await ask("DELETE", `${documents}/${done?.id}`)).toMatchObject({
    status: 404,
    code: "not_found",
  });
});

it("limits changes, not looks, by a minute in which refused ones count", async () => {
  const { ask, create, documents } = await open({ requestsPerMinute: 2 });
  expect((await ask("POST", create, TEXT)).status).toBe(200);
  for (let n = 0; n < 3; n++)
    expect(await ask("POST", create, TEXT)).toMatchObject({ status: 403, code: "forbidden" });
  expect((await ask("GET", documents)).status).toBe(200);
});

it("says what is wrong with a schedule, and keeps the one it has", async () => {
  const { server, ask, create } = await open();
  const schedule = (change: object) =>
    fetch(new URL("/schedule", server.url), { method: "POST", body: JSON.stringify(change) });
  expect((await schedule({ faults: { create: [{ fault: "earthquake" }] } })).status).toBe(400);
  expect((await ask("POST", create, TEXT)).status).toBe(200);
  expect((await schedule({ faults: { create: [{ fault: "plan-limit" }] } })).status).toBe(200);
  expect((await ask("POST", create, TEXT)).status).toBe(403);
});
