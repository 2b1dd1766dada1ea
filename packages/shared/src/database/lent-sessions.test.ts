import { expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { lendingPooler } from "../testing/lending-pooler.ts";
import { openLine } from "../testing/line.ts";
import { freshLogin } from "../testing/login.ts";
import { lentSessions } from "./lent-sessions.ts";
import { withPool } from "./pool.ts";

const told = (url: string) => withPool({ url, max: 1, name: "test" }, lentSessions);

it("a pooler that lends sessions by transaction is told, as proofs fail behind it", async (context) => {
  const url = await lendingPooler(context, await freshDatabase(context));
  expect(await told(url)).toEqual([
    expect.stringMatching(/pooler in transaction mode.*session_lent/),
  ]);
});

it("a server lends none, and neither does what only passes on, or has no connection left", async (context) => {
  const url = await freshDatabase(context);
  expect(await told(url)).toEqual([]);
  const line = await openLine(url);
  context.onTestFinished(() => line.cut());
  expect(await told(line.url)).toEqual([]);
  line.limit(1, "no more connections allowed");
  expect(await told(line.url)).toEqual([]);
  const login = await freshLogin(context, url);
  const one = { url, max: 1, name: "test" };
  await withPool(one, (pool) => pool.query(`alter role ${login.username} connection limit 1`));
  expect(await told(login.href)).toEqual([]);
});
