/** `/v1/cutover`: the checklist at whose end people write in the target, and no longer in the source. */
import { CUTOVER_STEPS } from "@nexus/shared/states";
import { z } from "zod";
import { entityName, instant, optionalBody, reason, requiredBody, wholeNumber } from "./parts.ts";

const step = z.object({
  step: z.enum(CUTOVER_STEPS),
  status: z.enum(["open", "met", "not_met", "to_do"]).meta({
    description:
      "`open`: it is under way. `to_do`: in a rehearsal, what a cut-over does by itself.",
  }),
  code: z
    .string()
    .nullable()
    .meta({ description: "What is the matter. It stays the same, for programs." }),
  says: z.string().meta({ description: "The same in words." }),
  whatToDo: z.string().nullable().meta({ description: "Null where nothing is to be done." }),
  facts: z
    .record(z.string(), z.unknown())
    .meta({ description: "What was seen: counts, numbers and names of tables." }),
  actor: z.string().meta({ description: "Who asked for it." }),
  startedAt: instant,
  finishedAt: instant.nullable(),
  durationMs: z.int().nullable(),
});

/** How long one part of the freeze would last. */
const part = z.object({
  part: z.enum([
    "source",
    "delta",
    "last_delta",
    "verification",
    "embeddings",
    "backup",
    "hand_over",
  ]),
  seconds: z.number().nullable().meta({ description: "Null: it is unknown." }),
  known: z.string().meta({ description: "How it is known: `measured in run 12`." }),
});

const freeze = z.object({
  seconds: z.number().meta({ description: "The parts that are known, together." }),
  complete: z.boolean().meta({ description: "Whether all parts are known." }),
  parts: z.array(part),
});

const view = z.object({
  id: z.int(),
  kind: z.enum(["plan", "go"]),
  status: z.enum(["open", "done", "failed", "cancelled", "withdrawn"]).meta({
    description:
      "`open`: an extractor walks it. `done`: all steps are met, and of a `go`: the target is handed over. `failed`: a step is not met. `withdrawn`: it was handed over, and that was taken back.",
  }),
  actor: z.string(),
  reason: z.string().nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
  withdrawnAt: instant.nullable(),
  errorCode: z.string().nullable().meta({ description: "That of the step that is not met." }),
  seconds: z
    .number()
    .nullable()
    .meta({ description: "From the asking to the end: of a `go`, how long the freeze lasted." }),
  freeze: freeze.nullable().meta({
    description: "Of a rehearsal: how long the freeze would last. Null before its end.",
  }),
  steps: z.array(step).meta({ description: "Those that were begun, in their order." }),
});

export const cutover = {
  "POST /v1/cutover": {
    summary: "Have the checklist of the cut-over walked, or rehearsed",
    body: requiredBody({
      kind: z.enum(["plan", "go"]).meta({
        description:
          "`plan` looks at everything and changes nothing. `go` runs the last delta and the verification itself, stops at the first step that is not met, and hands the target over if all are.",
      }),
      skip: z.array(entityName).min(1).max(100).optional().meta({
        description: "Entities that are not migrated: neither delta nor verification touch them.",
      }),
      withoutBackup: z.boolean().optional().meta({
        description: "Extractors take no backup, and somebody else sees to it.",
      }),
      acceptExceptions: reason.optional().meta({
        description:
          "Why the rows that are rejected or parked now need not be in the target, and accounts that are refused or not wanted may stay as they are. Kept for each of them.",
      }),
      sourceFrozen: z.boolean().optional().meta({
        description:
          "The source that is read is a standby, and nobody writes in its primary: that cannot be seen from here.",
      }),
      quietSeconds: z.int().min(1).max(3_600).optional().meta({
        description:
          "For how long nobody may be seen to write in the source. Default: 15. PostgreSQL may tell of a write 10 s late, or later: before it hands over, a cut-over compares the tables themselves.",
      }),
      reason: reason.optional(),
    }),
    response: { 201: z.object({ id: z.int() }) },
    problems: ["unknown_entity", "nothing_selected", "cutover_open", "cut_over"],
  },
  "GET /v1/cutover": {
    summary: "Show a cut-over: the newest, unless one is asked for",
    querystring: z.strictObject({
      id: wholeNumber("the number of a cut-over", 1, 999_999_999).optional(),
    }),
    response: { 200: view },
    problems: ["not_found"],
  },
  "POST /v1/cutover/cancel": {
    summary: "Give up the cut-over that is open; what its delta has moved stays",
    body: optionalBody({ reason: reason.optional() }),
    response: { 200: z.object({ id: z.int(), status: z.literal("cancelled") }) },
    problems: ["not_found", "cutover_over"],
  },
  "POST /v1/cutover/withdraw": {
    summary: "Take back that the target was handed over: runs may write in it again",
    body: requiredBody({ reason }),
    response: { 200: z.object({ id: z.int(), status: z.literal("withdrawn") }) },
    problems: ["not_cut_over"],
  },
} as const;

export type CutoverView = z.infer<typeof view>;
export type Freeze = z.infer<typeof freeze>;
