/** What is on record: the audit log, and the way of one row. Keys and codes, never a value. */
import { batchArrows, statusesOf } from "@nexus/shared/states";
import { z } from "zod";
import { entityName, instant, listQuery, pageOf, rowKey, sourceKey, text } from "./parts.ts";

const change = z.object({
  id: z.int(),
  at: instant,
  actor: z.string(),
  action: z.string(),
  runId: z.int().nullable(),
  entity: z.string().nullable(),
  reason: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});

const batch = z.object({
  id: z.int(),
  runId: z.int(),
  seq: z.int(),
  generation: z.int(),
  status: z.enum(statusesOf(batchArrows)),
  attempts: z.int(),
  finishedAt: instant.nullable(),
  errorCode: z.string().nullable(),
  errorSays: z.string().nullable().meta({ description: "What `errorCode` means." }),
  notes: z
    .array(z.object({ code: z.string(), column: z.string() }))
    .meta({ description: "The repairs that were made to this row, by code." }),
});

const lineage = z.object({
  entity: z.string(),
  legacyId: z.int(),
  source: z.object({ table: z.string(), key: z.string() }),
  outcome: z.enum(["loaded", "rejected", "parked", "open"]).meta({
    description: "`open`: no batch has decided on the row yet, or its batch failed.",
  }),
  exception: z
    .object({
      reason: z.string(),
      column: z.string().nullable(),
      missingEntity: z.string().nullable(),
      missingId: sourceKey.nullable(),
    })
    .nullable(),
  batches: z
    .array(batch)
    .meta({ description: "The batches that hold the row's key, the newest first, at most 20." }),
  target: z.object({ table: z.string(), id: z.string() }).nullable(),
  content: z
    .object({
      type: z.string(),
      state: z.enum(["embedded", "empty", "failed", "waiting"]).meta({
        description:
          "`waiting`: the content is not embedded yet, or was not given to the embedder (see POST /v1/embeddings/backfill).",
      }),
      code: z.string().nullable(),
      settledAt: instant.nullable(),
    })
    .nullable(),
  embeddings: z.array(z.object({ chunk: z.int(), model: z.string() })),
});

export const records = {
  "GET /v1/audit": {
    summary: "List who changed what and why, and who read clinical text, the newest first",
    querystring: listQuery({
      actor: text(100).optional(),
      action: entityName.optional(),
      entity: entityName.optional(),
    }),
    response: { 200: pageOf(change) },
  },
  "GET /v1/lineage/:entity/:legacyId": {
    summary: "Trace one row: source key, batches, outcome, target row, content, embeddings",
    params: z.object({
      entity: entityName,
      legacyId: rowKey,
    }),
    response: { 200: lineage },
    problems: ["unknown_entity", "not_found"],
  },
} as const;

export type Lineage = z.infer<typeof lineage>;
