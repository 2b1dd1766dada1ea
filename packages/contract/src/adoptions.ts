/** `/v1/adoptions`: rows that somebody else put into the target are given the legacy keys of the source rows that they are. */
import { z } from "zod";
import {
  entityName,
  instant,
  leaveStrangers,
  listQuery,
  optionalBody,
  pageOf,
  reason,
  text,
} from "./parts.ts";

const REASONS = [
  "ambiguous_target",
  "ambiguous_source",
  "contradicted",
  "duplicate",
  "no_match",
] as const;

const place = z.object({
  place: z
    .string()
    .meta({ description: "A column, or a member of the metadata: `metadata.legacy_user_id`." }),
  rows: z.int().meta({ description: "Rows that have a number there." }),
  inSource: z.int().meta({ description: "Of them, those whose number is a key of the source." }),
  comparable: z
    .int()
    .meta({ description: "Of these, those with an e-mail address or a name to compare." }),
  agreeing: z.int().meta({ description: "Of these, those that agree." }),
  used: z.boolean().meta({ description: "Whether rows are known by it." }),
});

const facts = {
  id: z.int(),
  kind: z.enum(["plan", "adopt", "undo"]),
  status: z.enum(["open", "done", "failed", "cancelled"]).meta({
    description: "`open`: an extractor does it. `cancelled`: an operator gave it up.",
  }),
  createdAt: instant,
  finishedAt: instant.nullable(),
  errorCode: z.string().nullable(),
};

const adoption = z.object({
  ...facts,
  entities: z.array(
    z.object({
      entity: z.string(),
      strangers: z.int().meta({ description: "Rows without a legacy key before it." }),
      adopted: z
        .int()
        .meta({ description: "Rows that were given their legacy key; in a plan, that would be." }),
      byKey: z.record(z.string(), z.int()).meta({ description: "How many by which key." }),
      left: z
        .record(z.string(), z.int())
        .meta({ description: "How many were left alone, by reason." }),
      places: z.array(place),
      changes: z
        .object({
          rows: z.int(),
          columns: z.record(z.string(), z.int()).meta({ description: "Rows by column." }),
        })
        .nullable()
        .meta({
          description:
            "Of a plan: the rows that would be adopted and that the first run will then change, and in which columns.",
        }),
    }),
  ),
});

const finding = z.object({
  entity: z.string(),
  id: z.string().meta({ description: "The row of the target." }),
  reason: z.enum(REASONS),
  legacyId: z
    .union([z.int(), z.string()])
    .nullable()
    .meta({ description: "The source row that it may be." }),
  via: z.string().nullable().meta({ description: "The key that says so." }),
  children: z
    .int()
    .nullable()
    .meta({ description: "Of a duplicate: the rows of the target that refer to it." }),
});

const adoptionParams = z.object({
  id: z
    .string()
    .regex(/^\d{1,9}$/, "must be the number of an adoption")
    .transform(Number),
});

export const adoptions = {
  "POST /v1/adoptions": {
    summary: "Match rows of the target that have no legacy key with the source, and give them one",
    body: optionalBody({
      kind: z.enum(["plan", "adopt", "undo"]).optional().meta({
        description:
          "`plan` only finds out and writes to no table of the target but the ledger's. `adopt`, the default, writes the keys. `undo` takes back what was adopted since the newest run began.",
      }),
      keys: z.record(entityName, text(100).min(1)).optional().meta({
        description: "For an entity the column or member of the metadata that holds its legacy id.",
      }),
      namespace: z
        .guid()
        .optional()
        .meta({ description: "The namespace of UUIDv5 ids that another tool made." }),
      keep: z.array(z.guid()).max(1_000).optional().meta({
        description: "Of duplicates, the rows that are adopted; the others stay as they are.",
      }),
      leaveStrangers,
      reason: reason.optional(),
    }),
    response: { 201: z.object({ id: z.int() }) },
    problems: [
      "unknown_entity",
      "run_active",
      "adoption_open",
      "rollback_open",
      "cutover_open",
      "cut_over",
      "nothing_to_undo",
    ],
  },
  "GET /v1/adoptions": {
    summary: "List adoptions, newest first",
    querystring: listQuery({}),
    response: { 200: pageOf(z.object(facts)) },
    problems: [],
  },
  "POST /v1/adoptions/:id/cancel": {
    summary:
      "Give up an adoption that is not done; keys that it has written stay, until they are taken back (`undo`)",
    params: adoptionParams,
    body: optionalBody({ reason: reason.optional() }),
    response: { 200: z.object({ id: z.int(), status: z.literal("cancelled") }) },
    problems: ["not_found", "adoption_over"],
  },
  "GET /v1/adoptions/:id": {
    summary: "Show what an adoption found and did",
    params: adoptionParams,
    response: { 200: adoption },
    problems: ["not_found"],
  },
  "GET /v1/adoptions/:id/findings": {
    summary: "List the rows that an adoption left alone, each with its reason",
    params: adoptionParams,
    querystring: listQuery({ entity: entityName.optional(), reason: z.enum(REASONS).optional() }),
    response: { 200: pageOf(finding) },
    problems: ["not_found"],
  },
} as const;

export type AdoptionView = z.infer<typeof adoption>;
export type Finding = z.infer<typeof finding>;
