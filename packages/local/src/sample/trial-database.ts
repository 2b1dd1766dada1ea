/**
 * What this room's tests share: a database of the test's own, and short questions to it.
 */
import { freshDatabase, type Template, type TestContext } from "@nexus/shared/testing";
import { Client } from "pg";
import type { Database } from "./database.ts";
import { makeSample, type SampleOptions } from "./make.ts";

/** A connection to a database of this test alone; the test is skipped, saying so, where there is no PostgreSQL. */
export const openTrial = async (context: TestContext, template?: Template): Promise<Client> =>
  connect(context, await freshDatabase(context, template));

/** A connection in UTC that ends with the test. */
export const connect = async (context: TestContext, connectionString: string): Promise<Client> => {
  const client = new Client({ connectionString, options: "-c timezone=UTC" });
  await client.connect();
  context.onTestFinished(() => client.end());
  return client;
};

/** A sample that several tests start from, made once. */
export const sampleTemplate = (name: string, options: SampleOptions): Template => ({
  name,
  build: async (url) => {
    await makeSample({ url, ...options });
  },
});

/** One number of a query that returns one. */
export const numberOf = async (db: Database, sql: string): Promise<number> =>
  Number(Object.values((await db.query(sql)).rows[0] ?? {})[0]);

/** A digest per table: equal digests are equal rows. */
export const fingerprint = async (
  db: Database,
  schema: string,
): Promise<Record<string, unknown>> => {
  const { rows } = await db.query(
    "select tablename as name from pg_tables where schemaname = $1 order by 1",
    [schema],
  );
  const digests: Record<string, unknown> = {};
  for (const name of rows.map((row) => String(row["name"]))) {
    const { rows } = await db.query(
      `select count(*) || ' ' || md5(coalesce(string_agg(md5(t::text), '' order by id), '')) as digest from ${schema}.${name} as t`,
    );
    digests[name] = rows[0]?.["digest"];
  }
  return digests;
};
