/** Proofs: what was asked for, what the second bookkeeping counted, and what differs from it. */
import { boolean, integer, primaryKey, smallint, text } from "drizzle-orm/pg-core";
import { asText, instant, int8 } from "./column-types.ts";
import { migration } from "./schema.ts";

export const proofs = migration.table("proofs", {
  id: integer().primaryKey(),
  kind: text().$type<"forecast" | "verification">().notNull(),
  status: text().$type<"open" | "done" | "failed">().notNull(),
  asked: asText("jsonb").notNull(),
  actor: text().notNull(),
  reason: text(),
  created_at: instant().notNull(),
  finished_at: instant(),
  error_code: text(),
  claimed_until: instant().notNull(),
  claim: integer().notNull(),
  run_id: integer(),
  needs: asText("jsonb"),
  started_at: instant(),
  versions: asText("jsonb"),
  sessions_lost: integer().notNull(),
});

export const proofEntities = migration.table(
  "proof_entities",
  {
    proof_id: integer().notNull(),
    entity: text().notNull(),
    position: integer().notNull(),
    status: text().$type<"proved" | "without_twin" | "unread">().notNull(),
    rows: int8().notNull(),
    counts: asText("jsonb").notNull(),
    changed_since: int8().notNull(),
    vectors: asText("jsonb"),
    documents: asText("jsonb"),
    accounts: asText("jsonb"),
  },
  (table) => [primaryKey({ columns: [table.proof_id, table.entity] })],
);

type DifferenceKind =
  | "changed_cell"
  | "truncated_text"
  | "shifted_time"
  | "swapped_link"
  | "wrong_practice"
  | "missing_row"
  | "extra_row"
  | "stale_row"
  | "outcome_differs"
  | "missing_vector"
  | "stale_vector"
  | "extra_vector"
  | "missing_document"
  | "stale_document"
  | "extra_document"
  | "account_missing"
  | "account_unknown"
  | "account_rights";

export const proofDifferences = migration.table(
  "proof_differences",
  {
    proof_id: integer().notNull(),
    entity: text().notNull(),
    legacy_id: int8().notNull(),
    column_name: text().notNull(),
    kind: text().$type<DifferenceKind>().notNull(),
    reads: smallint().notNull(),
    changed_since: boolean().notNull(),
  },
  (table) => [
    primaryKey({
      columns: [
        table.proof_id,
        table.entity,
        table.legacy_id,
        table.column_name,
        table.kind,
        table.reads,
      ],
    }),
  ],
);
