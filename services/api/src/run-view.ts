/** A run and its progress, as the API shows them. The schemas are the types. */
import { entityArrows, runArrows, statusesOf } from "@nexus/shared/ledger";
import { z } from "zod";

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
  /** Rounded down to a tenth; 100 only when everything is settled. */
  percent: z.number().min(0).max(100),
  /** Whether each row read has exactly one outcome. */
  sumClosed: z.boolean(),
};

const entityView = z.object({
  entity: z.string(),
  status: z.enum(statusesOf(entityArrows)),
  waived: z.boolean(),
  /** A sentence: why it is where it is. */
  why: z.string(),
  waitingFor: z.array(z.string()),
  batches: z.object({ total: z.int(), done: z.int(), failed: z.int() }),
  ...counts,
  /** Rows that the source gained (or lost) after they were planned; known once it is complete. */
  drift: z.int().nullable(),
  startedAt: z.string().nullable(),
  settledAt: z.string().nullable(),
  errorCode: z.string().nullable(),
});

export const runFacts = z.object({
  id: z.int(),
  status: z.enum(statusesOf(runArrows)),
  embeddings: z.boolean(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  errorCode: z.string().nullable(),
});

export const runView = z.object({
  run: runFacts.nullable(),
  entities: z.array(entityView),
  totals: z.object(counts),
  rowsPerSecond: z.number(),
  /** Null while it cannot be told: nothing moves, not everything is planned, or something is blocked. */
  etaSeconds: z.int().nullable(),
});

export type EntityView = z.infer<typeof entityView>;
export type RunView = z.infer<typeof runView>;
export type Totals = RunView["totals"];
