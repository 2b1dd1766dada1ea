import { Client } from "pg";

/**
 * What the sample needs of a database: a node-postgres client or pool fits. Text without values may hold several statements
 * (the simple protocol), which then are one transaction.
 */
export interface Database {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Where to work: an open client, or a connection string that is opened and closed here. */
export type Where = { readonly client: Database } | { readonly url: string };

/** Runs `work` on the client, or on a connection of its own. */
export const onDatabase = async <T>(
  where: Where,
  work: (db: Database) => Promise<T>,
): Promise<T> => {
  if ("client" in where) return work(where.client);
  const client = new Client({ connectionString: where.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};
