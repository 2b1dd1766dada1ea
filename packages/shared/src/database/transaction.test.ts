import { once } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { lockWaits } from "../testing/lock-waits.ts";
import { openPool, type Pool } from "./pool.ts";
import { inTransaction, readOnly } from "./transaction.ts";

let pool: Pool;
let second: Pool;

beforeEach(async (context) => {
  const url = await freshDatabase(context);
  pool = openPool({ url, max: 1, name: "test", onError: () => undefined });
  second = openPool({ url, max: 2, name: "test", onError: () => undefined });
  await pool.query("create table one (n integer); create table two (n integer)");
  return async () => void (await Promise.all([pool.end(), second.end()]));
});

async function rows(): Promise<number | undefined> {
  return (await pool.query<{ n: number }>("select count(*) as n from one")).rows[0]?.n;
}

async function session(): Promise<number | undefined> {
  return (await pool.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
}

describe("a transaction", () => {
  it("is committed when its work resolves, and gives back what that resolved to", async () => {
    expect(await inTransaction(pool, (tx) => tx.query("insert into one values (1)"))).toMatchObject(
      {
        rowCount: 1,
      },
    );
    expect(await rows()).toBe(1);
  });

  it("is rolled back when its work throws, and its connection is used again", async () => {
    const before = await session();
    const failure = new Error("the work failed");
    const work = inTransaction(pool, async (tx) => {
      await tx.query("insert into one values (1)");
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await rows()).toBe(0);
    expect(await session()).toBe(before);
  });

  it("throws its connection away when that cannot even be rolled back", async () => {
    const before = await session();
    const work = inTransaction(pool, async (tx) => {
      await tx.query("insert into one values (1)");
      await tx.query("select pg_terminate_backend(pg_backend_pid())");
    });
    await expect(work).rejects.toThrow();
    expect(await rows()).toBe(0);
    expect(await session()).not.toBe(before);
  });

  it("ends a statement that takes longer than it may", async () => {
    const work = inTransaction(pool, (tx) => tx.query("select pg_sleep(10)"), { statementMs: 50 });
    await expect(work).rejects.toMatchObject({ code: "57014" });
  });

  it("ends when the server hears nothing from it for longer than it may", async () => {
    const work = inTransaction(
      pool,
      async (tx) => {
        await tx.query("insert into one values (1)");
        await once(tx, "error");
        await tx.query("select");
      },
      { idleMs: 50 },
    );
    await expect(work).rejects.toThrow();
    expect(await rows()).toBe(0);
  });

  it("is cut when its signal aborts, and its connection is not used again", async () => {
    const before = await session();
    const stop = new AbortController();
    const work = readOnly(
      pool,
      async (tx) => {
        setImmediate(() => stop.abort());
        await tx.query("select pg_sleep(60)");
      },
      { signal: stop.signal },
    );
    await expect(work).rejects.toThrow("Connection terminated");
    expect(await session()).not.toBe(before);
  });

  it("that waits for a lock when its signal aborts is ended in the server, with its own locks", async () => {
    const holder = await pool.connect();
    await holder.query("begin; lock table two");
    const stop = new AbortController();
    const work = inTransaction(
      second,
      async (tx) => {
        await tx.query("lock table one");
        await tx.query("insert into two values (1)");
      },
      { signal: stop.signal },
    );
    work.catch(() => undefined);
    await eventually(async () => (await lockWaits(second)) === 1);
    stop.abort();
    await expect(work).rejects.toThrow("Connection terminated");
    const locks = async () =>
      await second.query("select from pg_locks where relation = 'one'::regclass");
    await eventually(locks, { until: ({ rowCount }) => rowCount === 0 }).finally(() =>
      holder.release(true),
    );
  });

  it("does not begin when its signal has aborted already", async () => {
    const work = readOnly(pool, () => Promise.resolve("never"), { signal: AbortSignal.abort() });
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
  });

  it("leaves nothing behind in its session", async () => {
    const settings =
      "select current_setting('statement_timeout') as t, current_setting('timezone') as z";
    const before = (await pool.query(settings)).rows;
    await readOnly(pool, (tx) => tx.query("select 1"), { statementMs: 50 });
    expect((await pool.query(settings)).rows).toEqual(before);
  });
});

describe("a transaction that only reads", () => {
  it("is refused writes by the server", async () => {
    const work = readOnly(pool, (tx) => tx.query("insert into one values (1)"));
    await expect(work).rejects.toMatchObject({ code: "25006" });
  });

  it("tells instants in UTC", async () => {
    await pool.query("set timezone = 'Asia/Tokyo'");
    const read = await readOnly(pool, (tx) =>
      tx.query<{ at: string }>("select timestamptz '2020-01-02 03:04:05+09' as at"),
    );
    expect(read.rows).toEqual([{ at: "2020-01-01 18:04:05+00" }]);
  });
});
