import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startWireServer, type WireServer } from "../index.ts";
import {
  bind,
  errorCode,
  execute,
  flush,
  openSession,
  parse,
  query,
  sync,
} from "./raw-connection.ts";

const IDLE_LIMIT = 500;
let server: WireServer;
let pool: Pool;

beforeAll(async () => {
  server = await startWireServer({ searchPath: "public", idleLimit: IDLE_LIMIT });
  pool = new Pool({ connectionString: server.url, max: 3 });
  await pool.query("create table entry (n int4)");
});

beforeEach(async () => {
  await pool.query("truncate entry");
});

afterAll(async () => {
  await pool.end();
  await server.close();
});

async function entries(): Promise<number[]> {
  const { rows } = await pool.query<{ n: number }>("select n from entry order by n");
  return rows.map((row) => row.n);
}

describe("transactions on the embedded server", () => {
  it("rolls back after an error, and not before it is told to", async () => {
    const client = await pool.connect();
    await client.query("begin");
    await client.query("insert into entry values (1)");
    await expect(client.query("select 1/0")).rejects.toMatchObject({ code: "22012" });
    await expect(client.query("select 1")).rejects.toMatchObject({ code: "25P02" });
    await client.query("rollback");
    client.release();
    expect(await entries()).toEqual([]);
  });

  it("lets the transactions of two clients run one after the other", async () => {
    const one = await pool.connect();
    const two = await pool.connect();
    await one.query("begin");
    await one.query("insert into entry values (1)");
    const second = two
      .query("begin")
      .then(() => two.query("select count(*)::int4 as n from entry"));
    await one.query("insert into entry values (2)");
    await one.query("commit");
    expect((await second).rows).toEqual([{ n: 2 }]);
    await two.query("commit");
    one.release();
    two.release();
  });

  it("keeps SET LOCAL to its transaction", async () => {
    const client = await pool.connect();
    await client.query("begin");
    await client.query("set local statement_timeout = '7s'");
    await client.query("select set_config('nexus.run', $1, true)", ["r1"]);
    const during = await client.query(
      "select current_setting('statement_timeout') as a, current_setting('nexus.run') as b",
    );
    await client.query("commit");
    const after = await client.query(
      "select current_setting('statement_timeout') as a, current_setting('nexus.run') as b",
    );
    client.release();
    expect([during.rows, after.rows]).toEqual([[{ a: "7s", b: "r1" }], [{ a: "0", b: "" }]]);
  });

  it.each(["set search_path = pg_catalog", "begin; set search_path = pg_catalog; commit"])(
    "takes back at once what would be everybody's setting: %s",
    async (sql) => {
      const client = await pool.connect();
      await client.query(sql);
      client.release();
      const { rows } = await pool.query("select current_setting('search_path') as path");
      expect(rows).toEqual([{ path: "public" }]);
    },
  );

  it("rolls back what a lost client left open, and serves the others", async () => {
    const lost = await openSession(server.port);
    lost.send(query("begin"), query("insert into entry values (1)"));
    await lost.until("Z");
    await lost.until("Z");
    const waiting = entries();
    lost.destroy();
    expect(await waiting).toEqual([]);
  });

  it("does not commit what a client executed and never synced", async () => {
    const lost = await openSession(server.port);
    lost.send(parse("", "insert into entry values (1)"), bind("", ""), execute(""), flush);
    await lost.until("C");
    lost.destroy();
    expect(await entries()).toEqual([]);
  });

  it("rolls back for a client that was lost after an error it never synced", async () => {
    const lost = await openSession(server.port);
    lost.send(
      query("begin"),
      query("insert into entry values (1)"),
      parse("", "select 1/0"),
      flush,
    );
    lost.send(bind("", ""), execute(""), flush);
    await lost.until("E");
    lost.destroy();
    expect(await entries()).toEqual([]);
  });

  it("hears nothing but Sync after an error, not even a query", async () => {
    const client = await openSession(server.port);
    client.send(parse("", "selec"), query("insert into entry values (1)"), flush);
    expect(errorCode(await client.until("E"))).toBe("42601");
    client.send(query("insert into entry values (2)"), sync);
    await client.until("Z");
    client.destroy();
    expect(await entries()).toEqual([]);
  });

  it("ends a client that sits in a transaction for too long", async () => {
    const idle = await openSession(server.port);
    idle.send(query("begin"), query("insert into entry values (1)"));
    await idle.until("Z");
    await idle.until("Z");
    const others = entries();
    expect(errorCode(await idle.until("Z"))).toBe("25P03");
    expect(await others).toEqual([]);
  });
});
