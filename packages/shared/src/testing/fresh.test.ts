import { Client } from "pg";
import { beforeEach, describe, expect, it } from "vitest";
import { type Template, freshDatabase, freshRedis } from "./fresh.ts";

async function tables(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    "select count(*)::int as n from pg_tables where schemaname = 'public'",
  );
  await client.end();
  return rows;
}

const template: Template = {
  name: "one_table",
  build: async (url) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("create table one (id int)");
    await client.end();
  },
};

describe("a fresh database", () => {
  let url: string;
  beforeEach(async (context) => {
    url = await freshDatabase(context);
  });

  it("is empty", async () => {
    expect(await tables(url)).toEqual([{ n: 0 }]);
  });

  it("is a copy of the template that was asked for", async (context) => {
    expect(await tables(await freshDatabase(context, template))).toEqual([{ n: 1 }]);
  });
});

describe("a fresh Redis", () => {
  it("is another one at each call", async (context) => {
    expect(await freshRedis(context)).not.toBe(await freshRedis(context));
  });
});
