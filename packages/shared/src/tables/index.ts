export * from "./account-tables.ts";
export * from "./adoption-tables.ts";
export * from "./backup-tables.ts";
export * from "./content-tables.ts";
export * from "./cutover-tables.ts";
export * from "./fingerprint-tables.ts";
export * from "./process-tables.ts";
export * from "./proof-tables.ts";
export * from "./sync-tables.ts";
export * from "./target-tables.ts";
export * from "./run-tables.ts";
export * from "./undo-tables.ts";
export { type Columns, given, iso, query, read } from "./read.ts";
export {
  and,
  count,
  countDistinct,
  desc,
  eq,
  gt,
  inArray,
  isNull,
  max,
  ne,
  notInArray,
  or,
  sql,
} from "drizzle-orm";
