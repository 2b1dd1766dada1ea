/** Columns of a target table, as an entity declares them. */

/** PostgreSQL types that a target column may have. Enums are text on the wire and cast by name. */
export type ColumnType =
  | "uuid"
  | "integer"
  | "bigint"
  | "boolean"
  | "text"
  | "date"
  | "timestamptz"
  | "jsonb"
  | "case_type_enum"
  | "case_state_enum"
  | "project_type_enum"
  | "project_status_enum";

/** One column of a target table, as it is created or added. */
export interface Column {
  readonly type: ColumnType;
  /** NOT NULL in the target. */
  readonly required?: true;
  /** The mapping always has a value, but rows of other origin need not: NOT NULL is neither made nor refused. */
  readonly filled?: true;
  /** UNIQUE in the target. */
  readonly unique?: true;
  /** The entity whose `id` it refers to. A foreign key and an index are made for it. */
  readonly references?: string;
  /** SQL text of the column's DEFAULT. */
  readonly default?: string;
  /** For jsonb: members that are null are left out at every depth. */
  readonly stripNulls?: true;
}

export type Columns = Readonly<Record<string, Column>>;
