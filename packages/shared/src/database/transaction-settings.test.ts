import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import { type Queryable, withPool } from "./pool.ts";
import { inSnapshot, inTransaction, readOnly } from "./transaction.ts";

/** A role without any privilege, as a URL that takes it on. */
async function plainRole(context: TestContext, more = ""): Promise<string> {
  const url = await freshDatabase(context);
  const role = `nexus_plain_${randomBytes(4).toString("hex")}`;
  await asked(url, `create role ${role}; ${more.replaceAll("$role", role)}`);
  context.onTestFinished(() => asked(url, `drop owned by ${role}; drop role ${role}`));
  const acting = new URL(url);
  acting.searchParams.set("options", `-c role=${role}`);
  return acting.href;
}

async function asked(url: string, sql: string): Promise<void> {
  await withPool({ url, max: 1, name: "nexus-test" }, (pool) => pool.query(sql));
}

async function setting(tx: Queryable, name: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ value: string }>(`select current_setting($1) as value`, [name]);
  return rows[0]?.value;
}

describe("a transaction of the target", () => {
  it.for([
    {
      who: "a role that may",
      more: "grant set on parameter log_error_verbosity to $role",
      verbosity: "terse",
    },
    { who: "one that may not, without an error", more: "", verbosity: "default" },
  ])("keeps rows out of the server's log for $who", async ({ more, verbosity }, context) => {
    const url = await plainRole(context, more);
    await withPool({ url, max: 1, name: "nexus-test" }, async (pool) => {
      const read = await inTransaction(pool, (tx) => setting(tx, "log_error_verbosity"));
      expect(read).toBe(verbosity);
      expect(await setting(pool, "log_error_verbosity"), "for its own length").toBe("default");
    });
  });
});

describe("a transaction of the source", () => {
  it("reads dates in ISO format and UTC, whatever the database prefers, and cannot write", async (context) => {
    const url = new URL(await freshDatabase(context));
    url.searchParams.set("options", "-c datestyle=German -c timezone=Asia/Tokyo");
    await withPool({ url: url.href, max: 1, name: "nexus-test" }, async (pool) => {
      const { rows } = await readOnly(pool, (tx) =>
        tx.query(`select date '2000-12-31' as day, timestamptz '2000-12-31 23:00:00.5+00' as at`),
      );
      expect(rows).toEqual([{ day: "2000-12-31", at: "2000-12-31 23:00:00.5+00" }]);
      await expect(readOnly(pool, (tx) => tx.query(`create table t ()`))).rejects.toThrow(
        "read-only",
      );
    });
  });
});

/** Settings that end a session or what it does; PostgreSQL before 14 and 17 does not know all of them. */
const TIMEOUTS = [
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
  "transaction_timeout",
  "idle_session_timeout",
];

/** The URL with each of them that this server knows, at 60 ms. */
async function impatient(
  url: string,
  { names = TIMEOUTS, ms = 60 }: { readonly names?: readonly string[]; readonly ms?: number } = {},
): Promise<string> {
  const known = await withPool({ url, max: 1, name: "nexus-test" }, (pool) =>
    pool.query<{ name: string }>("select name from pg_settings where name = any($1::text[])", [
      names,
    ]),
  );
  const hasty = new URL(url);
  hasty.searchParams.set("options", known.rows.map(({ name }) => `-c ${name}=${ms}`).join(" "));
  return hasty.href;
}

describe("what a role or a database prefers", () => {
  it("of any timeout that the server knows ends no transaction of ours", async (context) => {
    const url = await impatient(await freshDatabase(context));
    await withPool({ url, max: 1, name: "nexus-test" }, async (pool) => {
      for (const transaction of [inTransaction, readOnly, inSnapshot])
        await transaction(pool, async (tx) => {
          await tx.query("select pg_sleep(0.1)");
          await setTimeout(100);
          await tx.query("select");
        });
    });
  });

  it("of idle sessions ends none of ours", async (context) => {
    const names = ["idle_session_timeout"];
    const url = await impatient(await freshDatabase(context), { names, ms: 1_000 });
    const session = "select pg_backend_pid() as pid";
    await withPool({ url, max: 1, name: "nexus-idle" }, async (pool) => {
      const { rows: first } = await pool.query(session);
      await setTimeout(1_500);
      const { rows: later } = await inTransaction(pool, (tx) => tx.query(session));
      await setTimeout(1_500);
      const { rows: last } = await pool.query(session);
      expect([later, last]).toEqual([first, first]);
    });
  });

  const PREFERS =
    "-c lock_timeout=40 -c statement_timeout=300 -c idle_in_transaction_session_timeout=60";

  it("ends neither statements, nor waits for a lock, nor transactions of ours", async (context) => {
    const url = new URL(await freshDatabase(context));
    await asked(url.href, "create table one (n integer)");
    url.searchParams.set("options", `${PREFERS} -c default_transaction_read_only=on`);
    await withPool({ url: url.href, max: 3, name: "nexus-test" }, async (pool) => {
      const holder = await pool.connect();
      await holder.query(
        "begin read write; set local idle_in_transaction_session_timeout = 0; lock table one",
      );
      const released = setTimeout(400).then(() => holder.query("rollback"));
      for (const transaction of [inTransaction, readOnly])
        await transaction(pool, async (tx) => {
          if (transaction === inTransaction) await tx.query("insert into one values (1)");
          await setTimeout(100); // Idle for longer than the role would let us.
          await tx.query("select count(*) from one");
        });
      await released;
      holder.release();
    });
  });

  it("does not decide how long is waited for a lock: shorter than for the statement, and said as what it is", async (context) => {
    const url = await freshDatabase(context);
    await asked(url, "create table one (n integer)");
    await withPool({ url, max: 2, name: "nexus-test" }, async (pool) => {
      const holder = await pool.connect();
      await holder.query("begin; lock table one");
      try {
        const work = readOnly(pool, (tx) => tx.query("select from one"), { statementMs: 3_000 });
        await expect(work).rejects.toMatchObject({ code: "55P03" });
      } finally {
        holder.release(true);
      }
    });
  });
});
