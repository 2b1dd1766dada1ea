import type { Queryable } from "@nexus/shared/database";

/** Documents of Dify's knowledge bases. */
export interface Documents {
  readonly open: number;
  readonly done: number;
  readonly empty: number;
  readonly failed: number;
}

/** Null: the ledger knows nothing of Dify, or nothing was ever offered to it. */
export async function countDocuments(db: Queryable): Promise<Documents | null> {
  const known = await db.query(`select where to_regclass('migration.dify_documents') is not null`);
  if (known.rowCount === 0) return null;
  const found = await db.query<Documents & { all: number }>(
    `select count(*) as all, count(*) filter (where due_at is not null) as open,
       count(*) filter (where due_at is null and code is null and document_id is not null) as done,
       count(*) filter (where due_at is null and code is null and document_id is null) as empty,
       count(*) filter (where due_at is null and code is not null) as failed
     from migration.dify_documents`,
  );
  const [row] = found.rows;
  if (row === undefined || row.all === 0) return null;
  const { all: _, ...documents } = row;
  return documents;
}
