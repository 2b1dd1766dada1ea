/** What can become of a row that does not load. None of these ever holds a value of the row. */

/** The row cannot be represented in the target. Thrown by `map`, kept in the ledger as `reason`. */
export class RowRejected extends Error {
  override readonly name = "RowRejected";
  readonly reason: string;
  readonly column: string | null;

  constructor(reason: string, column: string | null) {
    super(reason);
    this.reason = reason;
    this.column = column;
  }
}

/** A parent of the row is in the source but not yet in the target. The row waits for it. */
export class RowParked extends Error {
  override readonly name = "RowParked";
  readonly entity: string;
  readonly legacyId: number;

  constructor(entity: string, legacyId: number) {
    super(`waits for ${entity}`);
    this.entity = entity;
    this.legacyId = legacyId;
  }
}

/** The extraction query returned something that is not a row of this entity: the query and the source disagree. */
export class UnreadableRow extends Error {
  override readonly name = "UnreadableRow";
  readonly entity: string;
  /** The source key (in digits, where a number would lie), or null where the key itself cannot be read. */
  readonly legacyId: number | string | null;
  readonly columns: readonly string[];

  constructor(entity: string, legacyId: number | string | null, columns: readonly string[]) {
    super(`${entity}: a row of the source cannot be read in ${columns.join(", ")}`);
    this.entity = entity;
    this.legacyId = legacyId;
    this.columns = columns;
  }
}
