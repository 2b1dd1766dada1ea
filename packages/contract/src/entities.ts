/** `/v1/entities/:entity` and `/v1/exceptions`: what may be done with an entity, and the rows of it that are not in the target. */
import { z } from "zod";
import {
  entityName,
  entityParams,
  instant,
  leaveStrangers,
  listQuery,
  optionalBody,
  pageOf,
  reason,
  reasonCode,
  requiredBody,
  sourceKey,
} from "./parts.ts";
import { percent, started } from "./runs.ts";

const outcome = z.enum(["rejected", "parked"]);

const requeued = z.object({
  kind: z.enum(["requeued", "repair_started", "nothing_to_requeue"]).meta({
    description:
      "`requeued`: the rows are tried again in the active run. `repair_started`: a run was created for them. `nothing_to_requeue`: nothing was changed.",
  }),
  runId: z.int().nullable(),
  batches: z.int(),
});

const said = {
  outcome,
  reason: z.string(),
  column: z.string().nullable(),
  missingEntity: z.string().nullable(),
};

export const entities = {
  "POST /v1/entities/:entity/start": {
    summary: "Start a run of one entity",
    params: entityParams,
    body: optionalBody({
      embeddings: z.boolean().optional(),
      dify: z.boolean().optional(),
      accounts: z.boolean().optional(),
      leaveStrangers,
      reason: reason.optional(),
    }),
    response: { 201: started },
    problems: [
      "unknown_entity",
      "run_active",
      "adoption_open",
      "rollback_open",
      "strangers",
      "target_unfit",
      "cutover_open",
      "cut_over",
    ],
  },
  "POST /v1/entities/:entity/requeue": {
    summary:
      "Try rows of an entity again: all, those of failed batches, or those with an exception",
    params: entityParams,
    body: requiredBody({
      scope: z.enum(["failed", "rejected", "parked", "all"]),
      because: reasonCode.optional().meta({
        description:
          "Only exceptions with this reason. Goes with the scopes `rejected` and `parked`.",
      }),
      reason: reason.optional(),
    }).refine(
      ({ scope, because }) => because === undefined || scope === "rejected" || scope === "parked",
      {
        path: ["because"],
        message: "goes with scope rejected or parked",
      },
    ),
    response: { 200: requeued },
    problems: [
      "target_unfit",
      "unknown_entity",
      "not_in_run",
      "run_active",
      "adoption_open",
      "rollback_open",
      "cutover_open",
      "cut_over",
    ],
  },
  "POST /v1/entities/:entity/waive": {
    summary: "Let the children of a blocked entity go on",
    params: entityParams,
    body: requiredBody({
      reason,
      withoutBackup: z.boolean().optional().meta({
        description:
          "Where the entity is blocked because its backup failed: it is written without one. What it overwrites can then not be restored from a backup.",
      }),
    }),
    response: {
      200: z.object({
        runId: z.int(),
        entity: z.string(),
        withoutBackup: z.boolean().optional().meta({
          description: "Whether the entity is now written without a backup.",
        }),
        tables: z.array(z.string()).optional().meta({
          description:
            "The tables that are then changed without a copy: the entity's own, and those that triggers of it change. They may be changed before an entity of theirs is backed up.",
        }),
      }),
    },
    problems: ["unknown_entity", "no_active_run", "not_in_run", "not_blocked", "backup_failed"],
  },
  "POST /v1/entities/:entity/limit": {
    summary:
      "Set an entity's limit of unforeseen losses, or of rows gone from the source, in the active run; an entity that stopped at its limit goes on",
    params: entityParams,
    body: requiredBody({
      lossPercent: percent.optional(),
      gonePercent: percent.optional(),
      reason,
    }).refine(
      ({ lossPercent, gonePercent }) => lossPercent !== undefined || gonePercent !== undefined,
      {
        path: ["lossPercent"],
        message: "or gonePercent is required",
      },
    ),
    response: { 200: z.object({ runId: z.int(), entity: z.string() }) },
    problems: ["unknown_entity", "no_active_run", "not_in_run"],
  },
  "GET /v1/entities/:entity/exceptions": {
    summary: "List the keys of rows that are not in the target",
    params: entityParams,
    querystring: listQuery({ outcome: outcome.optional(), reason: reasonCode.optional() }),
    response: {
      200: pageOf(
        z.object({
          legacyId: sourceKey,
          runId: z.int(),
          ...said,
          missingId: sourceKey.nullable(),
          createdAt: instant,
        }),
      ),
    },
    problems: ["unknown_entity"],
  },
  "GET /v1/entities/:entity/gone": {
    summary: "List the keys of rows that are gone from the source and still in the target",
    params: entityParams,
    querystring: listQuery({}),
    response: {
      200: pageOf(
        z.object({
          legacyId: sourceKey,
          foundRun: z.int().meta({ description: "The first run that found the row gone." }),
          runId: z.int().meta({ description: "The newest run that found the row gone." }),
          fate: z.string().nullish().meta({
            description:
              "archived, or why the newest run with a policy left the row; null: nothing was to be done.",
          }),
        }),
      ),
    },
    problems: ["unknown_entity"],
  },
  "GET /v1/exceptions/reasons": {
    summary: "Count open exceptions by entity and reason, the most frequent first",
    querystring: z.strictObject({ entity: entityName.optional() }),
    response: {
      200: z.object({
        reasons: z.array(z.object({ entity: z.string(), ...said, count: z.int() })),
      }),
    },
    problems: ["unknown_entity"],
  },
} as const;
