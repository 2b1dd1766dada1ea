/** A run and its progress, as they are shown. The schemas are the types. What is optional an older API does not say. */
import { entityArrows, RUN_MODES, runArrows, statusesOf } from "@nexus/shared/states";
import { z } from "zod";
import { accountsView } from "./accounts.ts";
import { backup } from "./backups.ts";
import { instant } from "./parts.ts";

export const runFacts = z.object({
  id: z.int(),
  status: z.enum(statusesOf(runArrows)),
  embeddings: z.boolean(),
  dify: z.boolean(),
  accounts: z.boolean().optional().meta({
    description: "Whether users get accounts of Supabase Auth.",
  }),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  errorCode: z.string().nullable(),
  backup: z.boolean().optional().meta({
    description: "Whether each entity's tables are dumped before the run first writes to them.",
  }),
  mode: z.enum(RUN_MODES).optional().meta({
    description:
      "`full`: every row of the source is read. `delta`: only those that changed since they were loaded.",
  }),
});

const counts = {
  expected: z.int(),
  read: z.int(),
  loaded: z.int(),
  inserted: z.int(),
  updated: z.int(),
  rejected: z.int(),
  parked: z.int(),
  excluded: z.int(),
  noted: z.int(),
  gone: z.int().optional().meta({
    description:
      "Rows of the target whose key the run did not find in the source any more, those that it deleted since too. Known after the keys were compared.",
  }),
  goneArchived: z.int().optional().meta({
    description: "Of the gone rows, those that are marked as archived.",
  }),
  goneDeleted: z.int().optional().meta({
    description: "Of the gone rows, those that the run deleted.",
  }),
  strangers: z.int().optional().meta({
    description:
      "Rows of the target without a legacy key: no run touches them. Counted when the run started, and when the entity was settled.",
  }),
  adopted: z.int().optional().meta({
    description:
      "Rows of the target that somebody else had put there, and that an adoption gave their legacy key. The others with a key were loaded.",
  }),
  unchanged: z.int().optional().meta({
    description:
      "Rows that a delta did not read: they are as they were when they were read last, and have the outcome that they had then.",
  }),
  unforeseen: z.int().optional().meta({
    description:
      "Rejected rows whose reason nobody foresaw: a value that cannot be read, or a rule of the target. The entity stops when there are more than its limit allows.",
  }),
  percent: z.number().min(0).max(100).meta({
    description:
      "The share of rows that were processed at least once. It never falls during a run, and is 100 only after settling.",
  }),
  sumClosed: z
    .boolean()
    .meta({ description: "Whether each row that was read has exactly one outcome." }),
};

const entityView = z.object({
  entity: z.string(),
  status: z.enum(statusesOf(entityArrows)),
  waived: z.boolean(),
  why: z.string().meta({ description: "A sentence that says why the entity has this status." }),
  parents: z.array(z.string()),
  waitingFor: z.array(z.string()),
  batches: z.object({ total: z.int(), done: z.int(), failed: z.int() }),
  ...counts,
  rangesCompared: z.int().optional().meta({
    description: "Ranges of keys that a delta has compared with what was read before.",
  }),
  rangesEqual: z.int().optional().meta({
    description: "Of these, the ranges that were equal, so that nothing of them was read.",
  }),
  readWhole: z.string().nullish().meta({
    description:
      "Why a delta reads all of the entity: `no_fingerprints`, `fingerprints_off`, `other_circumstances` (another mapping, codes, encoding or shape of the source) or `target_lacks_rows`. Null if it does not.",
  }),
  drift: z.int().nullable().meta({
    description:
      "Rows that the source gained after the plan was made; negative if it lost rows. Known when the entity is complete.",
  }),
  startedAt: instant.nullable(),
  settledAt: instant.nullable(),
  errorCode: z.string().nullable(),
  gonePolicy: z.enum(["report", "archive", "delete"]).optional().meta({
    description: "What the run does about gone rows, as GONE_POLICY said when it began.",
  }),
  goneLeft: z.record(z.string(), z.int()).optional().meta({
    description:
      "Gone rows that the policy speaks of and that were left as they are, by reason: referred, refused, not_inserted, source_empty, source_row, unmarkable.",
  }),
  lossReason: z.string().nullish().meta({
    description: "If the entity is blocked by unforeseen losses: the most frequent reason.",
  }),
  lossColumn: z.string().nullish().meta({
    description:
      "If the entity is blocked by unforeseen losses: the column of the most frequent reason.",
  }),
});

export const eta = z.object({ seconds: z.int(), earliest: z.int(), latest: z.int() }).meta({
  description:
    "The likely end in seconds from now, and the interval that holds it in four of five cases.",
});

/** What keeps it from going faster, or from going on. */
const LIMITS = [
  "source",
  "target",
  "queue_empty",
  "no_loader",
  "gate",
  "operator",
  "quota",
  "provider",
  "no_embedder",
  "money_cap",
] as const;

const limit = z.object({
  by: z.enum(LIMITS),
  says: z
    .string()
    .meta({ description: "A sentence that says what the limit is and what can be done about it." }),
  entities: z
    .array(z.string())
    .meta({ description: "For the limit `gate`: the parents that are waited for." }),
});

const stalled = z.object({
  seconds: z.int().meta({ description: "Seconds since anything moved." }),
  says: z.string().meta({
    description:
      "A sentence that says what is ready, what the last errors were, and which processes are running.",
  }),
  entities: z.array(z.string()).meta({ description: "The entities whose work is ready." }),
});

export const verification = z.object({
  id: z.int().nullable().meta({ description: "The verification. Null while it is waited for." }),
  status: z.enum(["waiting", "open", "done", "failed"]).meta({
    description:
      "`waiting`: it is asked for once the run is completed. `open`: an extractor does it. `failed` with the code `cancelled`: somebody gave it up.",
  }),
  errorCode: z.string().nullable(),
  differences: z.int(),
  pending: z.int().meta({ description: "Content rows whose vectors are still to be made." }),
  notVerified: z.int().meta({ description: "Entities of which nothing is known." }),
});

export const runView = z.object({
  run: runFacts.nullable(),
  entities: z.array(entityView),
  totals: z.object(counts),
  rowsPerSecond: z.number(),
  eta: eta.nullable().meta({
    description:
      "When loading will end. Null while that is unknown: nothing moves, or not everything is planned.",
  }),
  limitedBy: limit
    .nullable()
    .meta({ description: "What limits the speed of loading. Null when nothing is left to load." }),
  stalled: stalled.nullish().meta({
    description:
      "Set when the run should move and does not. Null while it moves or has no work that is ready.",
  }),
  backups: z
    .array(backup)
    .optional()
    .meta({ description: "The backups of the run, in the order in which they began." }),
  verification: verification.nullish().meta({
    description:
      "The verification that extractors with `VERIFY=after_settle` make after the run. Null if there is none.",
  }),
  accounts: accountsView.nullish().meta({
    description:
      "Accounts of Supabase Auth. They are made beside the runs and after them. Null if no run has asked for any.",
  }),
  embedding: z
    .object({
      open: z.int(),
      itemsPerSecond: z.number(),
      eta: eta.nullable(),
      limitedBy: limit.nullable(),
    })
    .meta({
      description:
        "Content that is still to be embedded. Embedding continues after the run is complete.",
    }),
});

export type EntityView = z.infer<typeof entityView>;
export type RunView = z.infer<typeof runView>;
export type Totals = RunView["totals"];
export type Eta = z.infer<typeof eta>;
export type Limit = z.infer<typeof limit>;
