/** A run and its progress, as they are shown. The schemas are the types. What is optional an older API does not say. */
import { entityArrows, runArrows, statusesOf } from "@nexus/shared/states";
import { z } from "zod";
import { instant } from "./parts.ts";

export const runFacts = z.object({
  id: z.int(),
  status: z.enum(statusesOf(runArrows)),
  embeddings: z.boolean(),
  dify: z.boolean(),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  errorCode: z.string().nullable(),
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
    description: "Rows of the target whose key the source no longer has, once that was compared.",
  }),
  unforeseen: z.int().optional().meta({
    description:
      "Of the rejected rows, those whose reason nobody foresaw (a value that cannot be read, a rule of the target): beyond a limit the entity stops.",
  }),
  percent: z.number().min(0).max(100).meta({
    description:
      "The share of rows that were dealt with, at least once: never falls while the run lasts. 100 only after settling.",
  }),
  sumClosed: z.boolean().meta({ description: "Whether each row read has exactly one outcome." }),
};

const entityView = z.object({
  entity: z.string(),
  status: z.enum(statusesOf(entityArrows)),
  waived: z.boolean(),
  why: z.string().meta({ description: "A sentence: why it is where it is." }),
  parents: z.array(z.string()),
  waitingFor: z.array(z.string()),
  batches: z.object({ total: z.int(), done: z.int(), failed: z.int() }),
  ...counts,
  drift: z.int().nullable().meta({
    description: "Rows that the source gained (or lost) after they were planned; known once it is complete.",
  }),
  startedAt: instant.nullable(),
  settledAt: instant.nullable(),
  errorCode: z.string().nullable(),
  lossReason: z.string().nullish().meta({
    description: "Blocked for its unforeseen losses: the reason of most of them,",
  }),
  lossColumn: z.string().nullish().meta({ description: "and its column." }),
});

export const eta = z.object({ seconds: z.int(), earliest: z.int(), latest: z.int() }).meta({
  description: "Seconds from now: the likely end, and the interval in which four of five ends lie.",
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
  says: z.string().meta({ description: "A sentence: what it is, and what can be done about it." }),
  entities: z.array(z.string()).meta({ description: "Gates: the parents that are waited for." }),
});

const stalled = z.object({
  seconds: z.int().meta({ description: "Since anything moved." }),
  says: z.string().meta({ description: "A sentence: what is ready, the last errors, and who is there." }),
  entities: z.array(z.string()).meta({ description: "Those whose work is ready." }),
});

export const runView = z.object({
  run: runFacts.nullable(),
  entities: z.array(entityView),
  totals: z.object(counts),
  rowsPerSecond: z.number(),
  eta: eta
    .nullable()
    .meta({ description: "Null while it cannot be told: nothing moves, or not everything is planned." }),
  limitedBy: limit.nullable().meta({ description: "Null when nothing is left to load." }),
  stalled: stalled.nullish().meta({
    description:
      "A run that should move and does not; null while it moves, or has nothing that could be done.",
  }),
  embedding: z
    .object({ open: z.int(), itemsPerSecond: z.number(), eta: eta.nullable(), limitedBy: limit.nullable() })
    .meta({ description: "Content that is still to be embedded; it goes on when the run is complete." }),
});

export type EntityView = z.infer<typeof entityView>;
export type RunView = z.infer<typeof runView>;
export type Totals = RunView["totals"];
export type Eta = z.infer<typeof eta>;
export type Limit = z.infer<typeof limit>;
