/** `/v1/runs/:id/rollback` and `/v1/rollbacks`: what a run has written is taken back. */
import { z } from "zod";
import {
  entityName,
  instant,
  listQuery,
  optionalBody,
  pageOf,
  reason,
  runParams,
} from "./parts.ts";

const REASONS = ["changed", "referred", "gone", "unknown", "overruled", "refused"] as const;

const facts = {
  id: z.int(),
  runId: z.int(),
  kind: z.enum(["plan", "rollback"]),
  status: z.enum(["open", "done", "failed", "cancelled"]).meta({
    description: "`open`: an extractor does it. `cancelled`: an operator gave it up.",
  }),
  createdAt: instant,
  finishedAt: instant.nullable(),
  errorCode: z.string().nullable(),
};

const rollback = z.object({
  ...facts,
  entities: z
    .array(
      z.object({
        entity: z.string(),
        deleted: z
          .int()
          .meta({ description: "Rows that the run had inserted; in a plan, that would go." }),
        restored: z
          .int()
          .meta({ description: "Rows that the run had changed, and that are what they were." }),
        left: z
          .record(z.string(), z.int())
          .meta({ description: "How many were left as they are, by reason." }),
      }),
    )
    .meta({ description: "Those that are done, in the order of the catalog." }),
});

const leftRow = z.object({
  entity: z.string(),
  id: z.string().meta({ description: "The row of the target." }),
  reason: z.enum(REASONS).meta({
    description:
      "`changed`: others have written it since. `referred`: other rows refer to it. `gone`: others have deleted it. `unknown`: it appeared while the run wrote it. `overruled`: a rule of the target makes something else of its former values. `refused`: a rule of the target does not take them.",
  }),
  legacyId: z.int().nullable(),
});

const rollbackParams = z.object({
  id: z
    .string()
    .regex(/^\d{1,9}$/, "must be the number of a rollback")
    .transform(Number),
});

export const rollbacks = {
  "POST /v1/runs/:id/rollback": {
    summary: "Take back what a run has written: inserted rows go, changed rows are what they were",
    params: runParams,
    body: optionalBody({
      plan: z.boolean().optional().meta({
        description: "Only count what would be done. Nothing is written but the ledger.",
      }),
      entities: z.array(entityName).min(1).max(100).optional().meta({
        description:
          "Only these. A row to which rows of others refer, or of entities that are not named, is left. Default: all of the run.",
      }),
      reason: reason.optional(),
    }),
    response: { 201: z.object({ id: z.int() }) },
    problems: [
      "not_found",
      "unknown_entity",
      "not_in_run",
      "wrong_status",
      "run_active",
      "adoption_open",
      "proof_open",
      "rollback_open",
      "undo_not_kept",
      "newer_run",
      "children_remain",
      "cutover_open",
      "cut_over",
    ],
  },
  "GET /v1/rollbacks": {
    summary: "List rollbacks, newest first",
    querystring: listQuery({}),
    response: { 200: pageOf(z.object(facts)) },
    problems: [],
  },
  "GET /v1/rollbacks/:id": {
    summary: "Show what a rollback did",
    params: rollbackParams,
    response: { 200: rollback },
    problems: ["not_found"],
  },
  "GET /v1/rollbacks/:id/left": {
    summary: "List the rows that a rollback left as they are, each with its reason",
    params: rollbackParams,
    querystring: listQuery({}),
    response: { 200: pageOf(leftRow) },
    problems: ["not_found"],
  },
  "POST /v1/rollbacks/:id/cancel": {
    summary: "Give up a rollback that is not done; another one goes on where it ended",
    params: rollbackParams,
    body: optionalBody({ reason: reason.optional() }),
    response: { 200: z.object({ id: z.int(), status: z.literal("cancelled") }) },
    problems: ["not_found", "rollback_over"],
  },
} as const;

export type RollbackView = z.infer<typeof rollback>;
export type LeftRow = z.infer<typeof leftRow>;
