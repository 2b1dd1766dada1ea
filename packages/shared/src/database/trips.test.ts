import { beforeEach, describe, expect, it } from "vitest";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import { type Line, openLine } from "../testing/line.ts";
import { errorCode } from "./failures.ts";
import { openPool, type Pool } from "./pool.ts";
import { inTrips, readAtOnce } from "./transaction.ts";
import { together } from "./trips.ts";

let pool: Pool;
let line: Line;

/** Far enough away that whatever is sent together is under way before the first of it is answered. */
beforeEach(async (context: TestContext) => {
  line = await openLine(await freshDatabase(context), { delayMs: 40 });
  pool = openPool({
    url: line.url,
    max: 2,
    name: "nexus-test",
    pipelined: true,
    onError: () => undefined,
  });
  context.onTestFinished(() => line.cut());
  context.onTestFinished(() => pool.end());
  await pool.query("create table one (n integer primary key)");
});

async function tripsOf(work: () => Promise<unknown>): Promise<number> {
  const before = line.trips();
  await work();
  return line.trips() - before;
}

async function stored(): Promise<unknown[]> {
  const { rows } = await pool.query<{ n: number }>("select n from one order by n");
  return rows.map(({ n }) => n);
}

const nothing = async (): Promise<void> => undefined;

describe("a transaction in few round trips", () => {
  it("takes one for what comes with its begin, one for each wait, one for what comes with its commit", async () => {
    const insert = (n: number) => `insert into one values (${n})`;
    const trips = await tripsOf(() =>
      inTrips(pool, {
        first: (tx) => together([tx.query("select 1"), tx.query("select 2")]),
        work: (tx) => tx.query(insert(1)),
        last: (tx) => together([tx.query(insert(2)), tx.query(insert(3))]),
      }),
    );
    expect(trips).toBe(3);
    expect(await stored()).toEqual([1, 2, 3]);
  });

  it("reads in one", async () => {
    const read = () => readAtOnce(pool, (tx) => tx.query<{ n: number }>("select 7 as n"));
    expect(await tripsOf(read)).toBe(1);
    expect((await read()).rows).toEqual([{ n: 7 }]);
  });

  it("throws what the first statement failed with, not that the transaction is aborted", async () => {
    const failing = inTrips(pool, {
      first: (tx) =>
        together([tx.query("select 1"), tx.query("select 1 / 0"), tx.query("select 2")]),
      work: nothing,
      last: nothing,
    });
    expect(await failing.catch(errorCode)).toBe("22012");
    const reading = readAtOnce(pool, (tx) =>
      together([tx.query("select 1 / 0"), tx.query("select 1")]),
    );
    expect(await reading.catch(errorCode)).toBe("22012");
  });

  it("is taken back as a whole where one of its last statements fails", async () => {
    const failing = inTrips(pool, {
      first: nothing,
      work: (tx) => tx.query("insert into one values (1)"),
      last: (tx) =>
        together([tx.query("insert into one values (2)"), tx.query("insert into one values (2)")]),
    });
    expect(await failing.catch(errorCode)).toBe("23505");
    expect(await stored()).toEqual([]);
  });

  it("does not commit where one of its last statements cannot even be sent", async () => {
    const endless: { self?: unknown } = {};
    endless.self = endless;
    const failing = inTrips(pool, {
      first: nothing,
      work: (tx) => tx.query("insert into one values (1)"),
      last: (tx) =>
        together([
          tx.query("insert into one values (2)"),
          tx.query("insert into one values ($1)", [endless]),
          tx.query("select pg_sleep(0.1)"),
        ]),
    });
    await expect(failing).rejects.toThrow("circular");
    expect(await stored()).toEqual([]);
  });

  it("refuses a statement behind its commit, and says so", async () => {
    const late = inTrips(pool, {
      first: nothing,
      work: nothing,
      last: async (tx) => {
        await tx.query("insert into one values (1)");
        await tx.query("insert into one values (2)");
      },
    });
    await expect(late).rejects.toThrow("behind the commit");
    expect(await stored()).not.toContain(2);
  });

  it("is cut at once by its signal, whatever is under way, and ended by the server", async () => {
    const stop = new AbortController();
    const begun = performance.now();
    const waiting = inTrips(
      pool,
      {
        first: (tx) =>
          together([tx.query("insert into one values (1)"), tx.query("select pg_sleep(30)")]),
        work: nothing,
        last: nothing,
      },
      { signal: stop.signal },
    );
    setTimeout(() => stop.abort(), 300);
    await expect(waiting).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(10_000);
    await expect.poll(sleepers).toBe(0);
    expect(await stored()).toEqual([]);
  });
});

async function sleepers(): Promise<number | undefined> {
  const { rows } = await pool.query<{ count: number }>(
    "select count(*) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()",
  );
  return rows[0]?.count;
}
