import { randomBytes } from "node:crypto";
import { Client } from "pg";
import type { TestContext } from "./fresh.ts";

/** The URL of `database` for a login role of this test alone, which may do nothing yet. The role goes when the test ends. */
export async function freshLogin(context: TestContext, database: string): Promise<URL> {
  const url = new URL(database);
  url.username = `nexus_login_${randomBytes(4).toString("hex")}`;
  await asOwner(database, `create role ${url.username} login`);
  context.onTestFinished(() =>
    asOwner(database, `drop owned by ${url.username} cascade; drop role ${url.username}`),
  );
  return url;
}

async function asOwner(database: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
