/** `/v1/report`: what a run has moved, in words for people who were not there. No key and no value of a row. */
import { accountsReported } from "./accounts.ts";
import { dify } from "./dify.ts";
import { embeddings } from "./embeddings.ts";
import { z } from "zod";
import { backup } from "./backups.ts";
import { instant, wholeNumber } from "./parts.ts";
import { eta, runFacts, verification } from "./run-view.ts";

/** Each block that holds numbers names the query of docs/report.md that gives them. */
const query = <N extends string>(name: N) =>
  z.literal(name).meta({ description: "The query of docs/report.md that gives these numbers." });

const counts = {
  expected: z.int().meta({ description: "Rows that the source held when it was counted." }),
  drift: z.int().meta({
    description:
      "Rows that the source gained since it was counted, as far as it was read; negative if it lost rows.",
  }),
  current: z.int().meta({ description: "Rows that are in the target." }),
  remaining: z
    .int()
    .meta({ description: "Rows that are not in the target: `expected + drift - current`." }),
  progress: z.number().min(0).max(100).nullable().meta({
    description:
      "`current` as a percentage of `expected + drift`, rounded down to a tenth. Null before the source was counted. 100 only when it is proven that nothing is missing.",
  }),
  rejected: z.int(),
  parked: z.int(),
  excluded: z.int(),
  unread: z.int().meta({ description: "Rows of batches that wait, failed or were cancelled." }),
  unaccounted: z.int().meta({
    description: "Rows without an outcome; negative if rows have two. The sum closes when it is 0.",
  }),
  repaired: z.int().meta({ description: "Rows of the target with a coded repair." }),
  batches: z.int(),
  failedBatches: z.int(),
};

const ENTITY_STANDINGS = [
  "counting",
  "waiting",
  "loading",
  "checking",
  "complete",
  "complete_with_exceptions",
  "unproven",
  "blocked",
  "left_out",
  "stopped",
] as const;

export const progressRow = z.object({
  entity: z.string(),
  status: z.enum(ENTITY_STANDINGS),
  ...counts,
  waived: z.boolean().meta({
    description: "Whether the entity is blocked and an operator lets its children go on.",
  }),
  issues: z
    .array(z.string())
    .meta({ description: "What a reader must know about the entity, a few words each." }),
});

export const shortfall = z.object({
  entity: z.string(),
  kind: z.enum(["rejected", "parked", "left_out", "failed", "cancelled", "waiting"]),
  reason: z.string(),
  column: z.string().nullable(),
  missingEntity: z.string().nullable(),
  rows: z.int(),
  resolved: z.int().meta({ description: "How many of these rows a later run has dealt with." }),
  says: z.string(),
  advice: z.string().meta({ description: "What can be done about it." }),
});

export const check = z.object({
  entity: z.string(),
  name: z.string(),
  passed: z.boolean(),
  expected: z.int().nullable(),
  actual: z.int().nullable(),
  says: z.string(),
});

export const targetSum = z.object({
  entity: z.string(),
  rows: z
    .int()
    .meta({ description: "Rows of the table: `before + inserted + adopted + strangers`." }),
  before: z.int().meta({
    description:
      "Rows with a legacy key before the run that were not adopted, and that it did not delete because they were gone.",
  }),
  inserted: z.int(),
  adopted: z.int(),
  strangers: z.int().meta({ description: "Rows without a legacy key." }),
  unaccounted: z.int().nullable().meta({
    description:
      "What the sum lacks. Null where a batch was loaded again: older releases did not keep what it had inserted the first time.",
  }),
  changed: z.int().meta({
    description: "Adopted rows that this run changed: the first run after an adoption.",
  }),
});

const { status, pausedBecause, items, vectors, usage, index } =
  embeddings["GET /v1/embeddings"].response[200].shape;

const documents = dify["GET /v1/dify"].response[200].shape;

const estimated = eta.safeExtend({ query: z.enum(["estimate", "estimate_embedding"]) }).nullable();

const phase = z.object({
  phase: z.string().meta({ description: "An entity, or `embedding`." }),
  state: z.enum(["ahead", "active", "done", "stopped", "left_out"]),
  seconds: z.int().nullable().meta({
    description:
      "How long the phase took, or has taken so far. Null if it has not begun or was not measured.",
  }),
  left: z
    .int()
    .meta({ description: "Rows that are not read yet, or items that are not embedded yet." }),
  eta: estimated.meta({
    description:
      "How long the phase will still take. Null if nothing is left, or if that is unknown.",
  }),
});

const VERDICTS = [
  "not_started",
  "in_progress",
  "blocked",
  "paused",
  "complete",
  "complete_with_exceptions",
  "unproven",
  "failed",
  "cancelled",
  "rolled_back",
] as const;

const stakeholderReport = z.object({
  verdict: z.enum(VERDICTS).meta({
    description:
      "`complete_with_exceptions`: each row has an outcome, but not all rows are in the target. `unproven`: the run has ended, but it is not proven that each row has an outcome.",
  }),
  madeAt: instant,
  run: runFacts
    .omit({ status: true })
    .extend({
      query: query("run"),
      seconds: z
        .int()
        .nullable()
        .meta({ description: "The time from the beginning of the run to its end, or to now." }),
    })
    .nullable(),
  summary: z.array(z.string()),
  progress: z.object({ query: query("progress"), rows: z.array(progressRow) }),
  totals: z.object({ query: query("totals"), ...counts }),
  shortfalls: z.object({ query: query("shortfalls"), rows: z.array(shortfall) }),
  repairs: z.object({
    query: query("repairs"),
    rows: z.array(
      z.object({ entity: z.string(), code: z.string(), column: z.string(), rows: z.int() }),
    ),
  }),
  checks: z.object({ query: query("checks"), rows: z.array(check) }),
  target: z.object({ query: query("target"), rows: z.array(targetSum) }).meta({
    description: "The rows of the target's tables, of entities that were settled.",
  }),
  adopted: z
    .object({
      query: query("adopted"),
      rows: z.array(z.object({ entity: z.string(), column: z.string(), rows: z.int() })),
    })
    .meta({ description: "Adopted rows that this run changed, by column." }),
  backups: z
    .object({
      query: query("backups"),
      rows: z.array(
        backup.pick({
          entity: true,
          status: true,
          file: true,
          bytes: true,
          durationMs: true,
          sha256: true,
          errorCode: true,
        }),
      ),
    })
    .meta({
      description: "What was dumped before the run first wrote to the tables of an entity.",
    }),
  verification: verification
    .extend({ query: query("verification") })
    .nullable()
    .meta({
      description: "The verification that extractors make after the run. Null if there is none.",
    }),
  embedding: z
    .object({
      query: query("embedding"),
      wanted: z.boolean().meta({ description: "Whether the content of this run is embedded." }),
      status,
      pausedBecause,
      ...items.shape,
      vectors,
      ...usage.shape,
      index: index.shape.state,
    })
    .meta({
      description:
        "These numbers are of all runs: content is embedded once, whichever run brought it.",
    }),
  dify: z
    .object({ query: query("dify"), datasets: documents.datasets, ...documents.items.shape })
    .nullable()
    .meta({ description: "The documents of Dify's knowledge bases. Null if Dify is not used." }),
  accounts: accountsReported.nullable().meta({
    description: "Accounts of Supabase Auth, of all runs. Null if no run has asked for any.",
  }),
  time: z.object({ query: query("time"), load: estimated, phases: z.array(phase) }),
  nextSteps: z.array(z.string()),
});

const FORMATS = ["json", "md", "html"] as const;

export const report = {
  "GET /v1/report": {
    summary: "Report a run to its stakeholders, as JSON, as Markdown, or as HTML for printing",
    querystring: z.strictObject({
      run: wholeNumber("the number of a run", 1, 999_999_999)
        .optional()
        .meta({ description: "The number of a run. Default: the active run, else the newest." }),
      format: z.enum(FORMATS).optional().meta({
        description: "The format of the report. Default: what `Accept` prefers, else JSON.",
      }),
    }),
    texts: ["text/markdown", "text/html"],
    response: { 200: stakeholderReport },
    problems: ["not_found"],
  },
} as const;

export type Report = z.infer<typeof stakeholderReport>;
export type ReportFormat = (typeof FORMATS)[number];
