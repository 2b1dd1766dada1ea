import { freshDatabase } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { type Pool, withPool } from "./pool.ts";
import { sessionsReplicate } from "./replication-role.ts";

/** Sets it for the database of `pool`, or resets it. */
async function setFor(pool: Pool, role: string): Promise<void> {
  const { rows } = await pool.query<{ name: string }>("select current_database() as name");
  await pool.query(`alter database "${rows[0]?.name}" ${role}`);
}

const one = async (url: string, see: (pool: Pool) => Promise<void>): Promise<void> =>
  await withPool({ url, max: 1, name: "nexus-test" }, see);

const REPLICA = "set session_replication_role = replica";
const PROBLEM = /^session_replication_role is replica/;

describe("sessions that replicate", () => {
  it("are known by what the database says now, whenever this session began", async (context) => {
    const url = await freshDatabase(context);
    await one(url, async (before) => {
      expect(await sessionsReplicate(before)).toBeUndefined();
      await setFor(before, REPLICA);
      expect(await sessionsReplicate(before)).toMatch(PROBLEM);
      await one(url, async (meanwhile) => {
        expect(await sessionsReplicate(meanwhile)).toMatch(PROBLEM);
        await setFor(before, "reset session_replication_role");
        expect(await sessionsReplicate(meanwhile), "a session of before").toBeUndefined();
      });
    });
  });

  it("are what the address says before that", async (context) => {
    const url = await freshDatabase(context);
    const at = (role: string): string => {
      const address = new URL(url);
      address.searchParams.set("options", `-c session_replication_role=${role}`);
      return address.href;
    };
    await one(at("replica"), async (pool) =>
      expect(await sessionsReplicate(pool)).toMatch(PROBLEM),
    );
    await one(url, (pool) => setFor(pool, REPLICA));
    await one(at("origin"), async (pool) => expect(await sessionsReplicate(pool)).toBeUndefined());
  });
});
