/** Whether a session is still at work, and its end, where our login acts as another role, or the server does not tell. */
import { beforeEach, expect, it } from "vitest";
import { setPatience } from "../runtime/silence.ts";
import { eventually } from "../testing/eventually.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import { cancelSession, endSession, sessionWorks } from "./end-session.ts";
import { openPool, type Pool } from "./pool.ts";
import { inTransaction } from "./transaction.ts";

let url: string;
let direct: Pool;

beforeEach(async (context) => {
  url = await freshDatabase(context);
  direct = openPool({ url, max: 1, name: "test", onError: () => undefined });
  return () => direct.end();
});

const SLEEPS = "select pg_sleep(1.5), 7 as n";

const TOLD = [
  { name: "whose login acts as another role", setting: (owner: string) => `role = ${owner}` },
  { name: "where activities are not tracked", setting: () => "track_activities = off" },
  { name: "of the usual kind", setting: () => "work_mem = '4MB'" },
];

it.for(TOLD)(
  "a session $name works as long as nobody says otherwise, and is ended",
  async ({ setting }, context) => {
    const owner = (await freshLogin(context, url)).username;
    const login = await freshLogin(context, url);
    await direct.query(
      `grant ${owner} to ${login.username}; alter role ${login.username} set ${setting(owner)}`,
    );
    const pool = openPool({ url: login.href, max: 1, name: "test", onError: () => undefined });
    context.onTestFinished(() => pool.end());
    const { rows } = await inTransaction(pool, async (tx) => {
      const asked = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      const pid = asked.rows[0]?.pid ?? 0;
      const stillWorking = () => sessionWorks(pool, pid);
      setPatience(tx, { silenceMs: 300, deadlineMs: 9_000, stillWorking });
      return await tx.query(SLEEPS);
    });
    expect(rows).toMatchObject([{ n: 7 }]);
    const pid = await sessionOf(pool);
    await endSession(pool, pid);
    const there = "select from pg_stat_activity where pid = $1";
    await eventually(async () => (await direct.query(there, [pid])).rowCount === 0);
    expect(await sessionWorks(pool, pid)).toBe(false);
  },
);

it("what a session is at is cancelled, though its login acts as another role", async (context) => {
  const owner = (await freshLogin(context, url)).username;
  const login = await freshLogin(context, url);
  await direct.query(
    `grant ${owner} to ${login.username}; alter role ${login.username} set role = ${owner}`,
  );
  const pool = openPool({ url: login.href, max: 2, name: "test", onError: () => undefined });
  context.onTestFinished(() => pool.end());
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const sleeping = client.query("select pg_sleep(9)").catch((error: unknown) => error);
  await cancelSession(pool, rows[0]?.pid ?? 0);
  expect(await sleeping).toMatchObject({ code: "57014" });
  expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
  client.release();
});

it("a session that idles does not work", async (context) => {
  const pool = openPool({ url, max: 1, name: "test", onError: () => undefined });
  context.onTestFinished(() => pool.end());
  expect(await sessionWorks(pool, await sessionOf(pool))).toBe(false);
});

async function sessionOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}
