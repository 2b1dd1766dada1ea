/** Accounts of Supabase Auth. */
import { boolean, integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { asText, instant, int8 } from "./column-types.ts";
import { migration } from "./schema.ts";

export const accountDecisions = migration.table(
  "account_decisions",
  {
    run_id: integer().notNull(),
    before_profiles: boolean().notNull(),
    users: int8().notNull(),
    counts: asText("jsonb").notNull(),
    decided_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.run_id, table.before_profiles] })],
);

export const accounts = migration.table("accounts", {
  legacy_id: int8().primaryKey(),
  profile_id: uuid(),
  run_id: integer().notNull(),
  reason: text(),
  holder: int8(),
  state: text().notNull(),
  code: text(),
  made_by: integer(),
  password: text(),
  practice_id: uuid(),
  role: text(),
  attempts: integer().notNull(),
  claimed_until: instant(),
  due_at: instant(),
  settled_at: instant(),
  asked_at: instant(),
  failed_at: instant(),
  names_ledger: boolean().notNull(),
});

export const accountInvitations = migration.table("account_invitations", {
  legacy_id: int8().primaryKey(),
  made_by: integer().notNull(),
  method: text().$type<"recovery" | "magiclink">().notNull(),
  state: text().$type<"due" | "sending" | "sent" | "unsure" | "left" | "refused">().notNull(),
  code: text(),
  asked_at: instant().notNull(),
  claimed_until: instant(),
  due_at: instant(),
  intended_at: instant(),
  mailed_before: text(),
  settled_at: instant(),
});
