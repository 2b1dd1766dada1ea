import { beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { type Line, openLine } from "../testing/line.ts";
import { connectionBroke, nextStep } from "./failures.ts";
import { openPool, type Pool } from "./pool.ts";
import { inTransaction, readOnly } from "./transaction.ts";

let line: Line;
let pool: Pool;
let direct: Pool;

beforeEach(async (context) => {
  const url = await freshDatabase(context);
  line = await openLine(url);
  pool = openPool({
    url: line.url,
    max: 2,
    name: "behind-the-line",
    silenceMs: 300,
    onError: () => undefined,
  });
  direct = openPool({ url, max: 1, name: "test", onError: () => undefined });
  await direct.query("create table one (n integer)");
  return async () => {
    await Promise.all([pool.end(), direct.end()]);
    await line.cut();
  };
});

const told = async (work: Promise<unknown>): Promise<unknown> =>
  await work.catch((error: unknown) => error);

describe("a connection that falls silent", () => {
  it("is looked for by the kernel, too", () => {
    expect(pool.options.keepAlive).toBe(true);
  });

  it("before a statement ends it, and the next one gets another connection", async () => {
    await pool.query("select 1");
    expect(line.swallow()).toBe(1);
    const error = await told(pool.query("select 1"));
    expect(error).toMatchObject({ code: "SESSION_SILENT" });
    expect([nextStep(error), connectionBroke(error)]).toEqual(["wait", true]);
    expect((await pool.query("select 2 as n")).rows).toEqual([{ n: 2 }]);
  });

  it("while it waits for a lock is ended in the server, too: nothing is done when the lock is free", async () => {
    const holder = await direct.connect();
    await holder.query("begin; lock table one");
    expect(await told(pool.query("insert into one values (7)"))).toMatchObject({
      code: "SESSION_SILENT",
    });
    const waiting =
      "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into one%'";
    await eventually(async () => (await holder.query(waiting)).rowCount === 0);
    await holder.query("rollback");
    holder.release();
    expect((await direct.query("select n from one")).rows).toEqual([]);
  });

  it("in a transaction has the server end the session, so that its locks are free", async () => {
    const work = inTransaction(
      pool,
      async (tx) => {
        await tx.query("lock table one");
        line.swallow();
        await tx.query("insert into one values (1)");
      },
      { statementMs: 200 },
    );
    expect(await told(work)).toMatchObject({ code: "SESSION_SILENT" });
    await inTransaction(direct, (tx) => tx.query("insert into one values (2)"), {
      statementMs: 2_000,
    });
    expect((await direct.query("select n from one")).rows).toEqual([{ n: 2 }]);
  });

  it("at its commit ends it: the transaction is over, one way or the other", async () => {
    const work = inTransaction(
      pool,
      async (tx) => {
        await tx.query("insert into one values (1)");
        line.swallow();
      },
      { statementMs: 200 },
    );
    expect(await told(work)).toMatchObject({ code: "SESSION_SILENT" });
    const ours =
      "select from pg_stat_activity where application_name = 'behind-the-line' and xact_start is not null";
    await eventually(async () => (await direct.query(ours)).rowCount === 0);
  });

  it("keeps nobody from closing the pool", async () => {
    await pool.query("select 1");
    line.swallow();
    const second = openPool({ url: line.url, max: 1, name: "test", onError: () => undefined });
    await second.query("select 1");
    line.swallow();
    await second.end();
  });
});

describe("a server that is still at it", () => {
  it("is waited for as long as it may take", async () => {
    const { rows } = await readOnly(pool, (tx) => tx.query("select pg_sleep(0.8), 1 as n"), {
      statementMs: 5_000,
    });
    expect(rows).toMatchObject([{ n: 1 }]);
  });

  it("and sends a long answer, is not silent", async () => {
    const { rows } = await pool.query(
      "select count(*) as n from (select pg_sleep(0.2) from generate_series(1, 1)) s",
    );
    expect(rows).toEqual([{ n: 1 }]);
  });
});
