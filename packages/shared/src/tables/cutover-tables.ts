/** Cut-overs: the checklist, its steps, and what somebody has decided about. */
import { integer, primaryKey, text } from "drizzle-orm/pg-core";
import type { CutoverStepName } from "../states/cutover-steps.ts";
import { asText, instant, key } from "./column-types.ts";
import { migration } from "./schema.ts";

export const cutovers = migration.table("cutovers", {
  id: integer().primaryKey(),
  kind: text().$type<"plan" | "go">().notNull(),
  status: text().$type<"open" | "done" | "failed" | "cancelled" | "withdrawn">().notNull(),
  asked: asText("jsonb").notNull(),
  actor: text().notNull(),
  reason: text(),
  created_at: instant().notNull(),
  finished_at: instant(),
  error_code: text(),
  freeze_foretold: asText("jsonb"),
  withdrawn_at: instant(),
});

export const cutoverSteps = migration.table(
  "cutover_steps",
  {
    cutover_id: integer().notNull(),
    step: text().$type<CutoverStepName>().notNull(),
    position: integer().notNull(),
    status: text().$type<"open" | "met" | "not_met" | "to_do">().notNull(),
    code: text(),
    facts: asText("jsonb").notNull(),
    actor: text().notNull(),
    looks: integer().notNull(),
    started_at: instant().notNull(),
    finished_at: instant(),
  },
  (table) => [primaryKey({ columns: [table.cutover_id, table.step] })],
);

export const acceptedExceptions = migration.table(
  "accepted_exceptions",
  {
    entity: text().notNull(),
    legacy_id: key().notNull(),
    outcome: text().$type<"rejected" | "parked">().notNull(),
    reason: text().notNull(),
    actor: text().notNull(),
    because: text().notNull(),
    decided_at: instant().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.entity, table.legacy_id, table.outcome, table.reason] }),
  ],
);
