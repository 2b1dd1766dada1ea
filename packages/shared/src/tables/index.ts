export * from "./content-tables.ts";
export * from "./process-tables.ts";
export * from "./target-tables.ts";
export * from "./run-tables.ts";
export { given, iso, query, read } from "./read.ts";
export { and, count, desc, eq, gt, isNull, ne, sql } from "drizzle-orm";
