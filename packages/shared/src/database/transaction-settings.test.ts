import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import { type Queryable, withPool } from "./pool.ts";
import { inTransaction, readOnly } from "./transaction.ts";

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
      await expect(readOnly(pool, (tx) => tx.query(`create table t ()`))).rejects.toThrow("read-only");
    });
  });
});
