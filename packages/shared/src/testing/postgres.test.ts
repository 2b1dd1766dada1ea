import { existsSync } from "node:fs";
import { Client } from "pg";
import { type TestContext, beforeEach, describe, expect, it } from "vitest";
import { type PostgresOptions, type PrivatePostgres, startPostgres } from "./postgres.ts";

async function privatePostgres(
  context: TestContext,
  options?: PostgresOptions,
): Promise<PrivatePostgres> {
  const server = await startPostgres(options);
  if (!server.found) return context.skip(server.reason);
  context.onTestFinished(() => server.stop());
  return server;
}

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("a private PostgreSQL", () => {
  let server: PrivatePostgres;
  beforeEach(async (context) => {
    server = await privatePostgres(context);
  });

  it("says which version it is", async () => {
    expect(await rows(server.url, "show server_version")).toEqual([
      { server_version: expect.stringContaining(server.version) },
    ]);
  });

  it("refuses clients after a kill, and has what was committed after the restart", async () => {
    const url = await server.database("kept");
    await rows(url, "create table kept as select 7 as n");
    await server.kill();
    await expect(rows(url, "select")).rejects.toThrow("ECONNREFUSED");
    await server.restart();
    expect(await rows(url, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("cuts off its clients when it is restarted while it runs", async () => {
    const url = await server.database("restarted");
    const client = new Client({ connectionString: url });
    const lost = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    await server.restart();
    await lost;
    expect(await rows(url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("shows in its log which errors reached it", async () => {
    const url = await server.database("log");
    await rows(
      url,
      "create table parent (id int primary key); create table child (id int references parent)",
    );
    expect(server.log()).not.toContain("violates foreign key constraint");
    await expect(rows(url, "insert into child values (1)")).rejects.toThrow(
      "violates foreign key constraint",
    );
    expect(server.log()).toContain("violates foreign key constraint");
  });

  it("builds a template once for callers that ask at the same time, and copies it", async () => {
    let built = 0;
    const build = async (url: string): Promise<void> => {
      built += 1;
      await rows(url, "create table one as select 1 as n");
    };
    const [first, second] = await Promise.all([
      server.template("mould", build),
      server.template("mould", build),
    ]);
    expect([first, built]).toEqual([second, 1]);
    const copy = await server.database("copy", { template: first });
    expect(await rows(copy, "select n from one")).toEqual([{ n: 1 }]);
  });

  it("leaves nothing of a template whose building failed", async () => {
    const failing = server.template("mould", () => Promise.reject(new Error("no schema")));
    await expect(failing).rejects.toThrow("no schema");
    expect(await rows(server.url, "select from pg_database where datname = 'mould'")).toEqual([]);
  });

  it("leaves no folder behind when it is stopped", async () => {
    await server.stop();
    expect(existsSync(server.folder)).toBe(false);
    expect(server.log()).toContain("database system is shut down");
  });
});

describe("the settings of a private PostgreSQL", () => {
  it("are the server's own where it must survive the machine, and the caller's come last", async (context) => {
    const server = await privatePostgres(context, {
      durable: "machine",
      settings: { work_mem: "7MB" },
    });
    expect(
      await rows(
        server.url,
        "select current_setting('fsync') as fsync, current_setting('work_mem') as mem",
      ),
    ).toEqual([{ fsync: "on", mem: "7MB" }]);
  });
});
