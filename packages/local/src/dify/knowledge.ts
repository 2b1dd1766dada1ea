/** What the Knowledge API does with each operation, when nothing is wrong. */
import { z } from "zod";
import { type Answer, json } from "../stand-in/answers.ts";
import { refusal } from "./answers.ts";
import type { Operation, Settings } from "./schedule.ts";
import { type Dataset, type Document, isLike, revise, statusOf, type Store } from "./store.ts";

export interface Call {
  readonly operation: Operation;
  /** From the path. */
  readonly datasetId: string;
  readonly documentId: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

interface World {
  readonly store: Store;
  readonly now: number;
  readonly settings: Settings;
}

const newDataset = z.object({
  name: z.string().min(1).max(40),
  description: z.string().max(400).default(""),
  indexing_technique: z.enum(["high_quality", "economy"]).optional(),
  permission: z.enum(["only_me", "all_team_members", "partial_members"]).optional(),
});
const sentText = z.object({
  name: z.string().min(1),
  text: z.string().min(1),
  doc_form: z.enum(["text_model", "hierarchical_model", "qa_model"]).optional(),
  process_rule: z.object({ mode: z.enum(["automatic", "custom", "hierarchical"]) }).optional(),
});

const OPERATION: { readonly [K in Operation]: (world: World, call: Call) => Answer } = {
  "create-dataset": ({ store }, { body }) => {
    const facts = newDataset.safeParse(parsed(body));
    if (!facts.success) return invalid(facts.error);
    const { name, description, indexing_technique: indexingTechnique = "" } = facts.data;
    const dataset = store.addDataset({ name, description, indexingTechnique });
    if (dataset === undefined)
      return refusal(409, "dataset_name_duplicate", "The dataset name already exists.");
    return json(200, datasetView(dataset));
  },
  "find-datasets": ({ store }, { query }) =>
    list([...store.datasets.values()].filter(named(query)).map(datasetView), query),
  create: (world, call) =>
    withDataset(world, call, (dataset) => {
      const sent = sentText.safeParse(parsed(call.body));
      if (!sent.success) return invalid(sent.error);
      if (dataset.indexingTechnique === "")
        return refusal(400, "invalid_param", "indexing_technique is required.");
      const { name, text } = sent.data;
      return accepted(
        world.store.addDocument(dataset, name, text, world.now, world.settings),
        world.now,
      );
    }),
  update: (world, call) =>
    withDocument(world, call, (document) => {
      const sent = sentText.safeParse(parsed(call.body));
      if (!sent.success) return invalid(sent.error);
      if (statusOf(document, world.now) !== "completed")
        return refusal(400, "invalid_param", "Document is not available");
      revise(document, sent.data.text, world.now, world.settings);
      return accepted(document, world.now);
    }),
  delete: (world, call) =>
    withDocument(world, call, (document, dataset) => {
      const status = statusOf(document, world.now);
      if (status !== "completed" && status !== "error")
        return refusal(
          400,
          "document_indexing",
          "The document is being processed and cannot be edited.",
        );
      dataset.documents.delete(document.id);
      return DELETED[world.settings.deletion];
    }),
  find: (world, call) =>
    withDataset(world, call, ({ documents }) => {
      const found = [...documents.values()].filter(named(call.query));
      return list(
        found.map((document) => documentView(document, world.now)),
        call.query,
      );
    }),
};

const DELETED: { readonly [K in Settings["deletion"]]: Answer } = {
  "204": json(204, null),
  "200 success": json(200, { result: "success" }),
  "200 body 204": json(200, 204),
};

/** Does what was asked. */
export function perform(world: World, call: Call): Answer {
  return OPERATION[call.operation](world, call);
}

function withDataset(
  world: World,
  { datasetId }: Call,
  then: (dataset: Dataset) => Answer,
): Answer {
  const dataset = world.store.datasets.get(datasetId);
  return dataset === undefined ? refusal(404, "not_found", "Dataset not found.") : then(dataset);
}

function withDocument(
  world: World,
  call: Call,
  then: (document: Document, dataset: Dataset) => Answer,
): Answer {
  return withDataset(world, call, (dataset) => {
    const document = dataset.documents.get(call.documentId);
    return document === undefined
      ? refusal(404, "not_found", "Document Not Exists.")
      : then(document, dataset);
  });
}

function named(query: URLSearchParams): (one: { readonly name: string }) => boolean {
  return ({ name }) => isLike(name, query.get("keyword") ?? "");
}

function list(all: readonly object[], query: URLSearchParams): Answer {
  const limit = Math.min(100, Number(query.get("limit") ?? 20));
  const page = Number(query.get("page") ?? 1);
  const data = all.slice((page - 1) * limit, page * limit);
  return json(200, { data, has_more: page * limit < all.length, limit, total: all.length, page });
}

function datasetView({ id, name, description, indexingTechnique }: Dataset): object {
  return {
    id,
    name,
    description,
    permission: "only_me",
    indexing_technique: indexingTechnique || null,
  };
}

function documentView(document: Document, now: number): object {
  const { id, name, createdAt: created_at } = document;
  const indexing_status = statusOf(document, now);
  return {
    id,
    name,
    created_at,
    indexing_status,
    error: indexing_status === "error" ? "no capacity" : null,
    archived: false,
  };
}

function accepted(document: Document, now: number): Answer {
  return json(200, { document: documentView(document, now), batch: document.batch });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function invalid(error: z.ZodError): Answer {
  return refusal(400, "invalid_param", `${error.issues[0]?.path.join(".") ?? "body"} is invalid`);
}
