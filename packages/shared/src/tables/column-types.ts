/** Columns as our pools deliver them (`byOid`): integers of eight bytes as numbers; instants, JSON and what JavaScript lacks as text. */
import { bigint, customType, date, timestamp } from "drizzle-orm/pg-core";

export const int8 = () => bigint({ mode: "number" });

/** A key of the source: digits as text beyond 2^53. */
export const key = () => bigint({ mode: "number" }).$type<number | string>();

export const instant = () => timestamp({ withTimezone: true, mode: "string" });

export const day = () => date({ mode: "string" });

/** A column of any other type, which stays PostgreSQL's own text. */
export const asText = (type: string) => customType<{ data: string }>({ dataType: () => type })();
