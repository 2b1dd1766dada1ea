import { pgSchema } from "drizzle-orm/pg-core";

/** The schema of the ledger's tables. */
export const migration = pgSchema("migration");
