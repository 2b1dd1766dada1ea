/** A PostgreSQL that is to carry the queue: what is said of it before, and what its role needs there. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../config/failure.ts";
import { withPool } from "../database/pool.ts";
import { freshDatabase, freshRedis } from "../testing/fresh.ts";
import { openLine } from "../testing/line.ts";
import { freshLogin } from "../testing/login.ts";
import { examineTransport, openTransport, openUnchanged } from "./open-transport.ts";
import { examineSchema } from "./postgres-schema.ts";

const options = (url: string) => ({ url, prefix: "test", workers: 0, onError: () => undefined });

const run = (url: string, sql: string) =>
  withPool({ url, max: 1, name: "test" }, async (pool) => (await pool.query(sql)).rows);

async function makeQueue(url: string): Promise<void> {
  await (await openTransport(options(url))).close();
}

/** What the examination and the opening say, which must be the same; undefined: both are content. */
async function refusal(url: string): Promise<string | undefined> {
  const examined = await examineTransport(options(url)).then(() => undefined, told);
  const opened = await openTransport(options(url)).then((transport) => transport.close(), told);
  expect(examined).toEqual(opened);
  return examined;
}

function told(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  throw error;
}

/** The grant that it is refused with. */
async function grantFor(url: string, wanted: RegExp): Promise<string> {
  const [, grant = ""] = /run "(.+)"$/.exec((await refusal(url)) ?? "") ?? [];
  expect(grant).toMatch(wanted);
  return grant;
}

const OLDER =
  "delete from bullmq.migration where version = (select max(version) from bullmq.migration)";

describe("a PostgreSQL that is to carry the queue", () => {
  it("is refused where our role may not create in its database, with the grant that it needs", async (context) => {
    const url = await freshDatabase(context);
    const login = await freshLogin(context, url);
    const wanted = /^grant create on database \w+ to nexus_login_\w+$/;
    await run(url, await grantFor(login.href, wanted));
    expect(await refusal(login.href)).toBeUndefined();
  });

  it("needs no right to create in the database where its tables are there, and is refused without the others", async (context) => {
    const url = await freshDatabase(context);
    await makeQueue(url);
    await run(
      url,
      "do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$",
    );
    const login = await freshLogin(context, url);
    for (const says of [
      /^grant usage, create on schema bullmq to /,
      /^grant temporary on database /,
      /^grant postgres to /,
    ])
      await run(url, await grantFor(login.href, says));
    const transport = await openTransport(options(login.href));
    await transport.enqueue("load", [{ id: "a.1", data: {} }]);
    expect(await transport.count("load")).toBe(1);
    await transport.close();
  });

  it("of an older BullMQ needs the right to create again", async (context) => {
    const url = await freshDatabase(context);
    const login = await freshLogin(context, url);
    const grant = await grantFor(login.href, /^grant create on database /);
    await run(url, grant);
    await makeQueue(login.href);
    await run(url, `${OLDER}; ${grant.replace("grant", "revoke").replace(" to ", " from ")}`);
    await grantFor(login.href, /^grant create on database /);
  });

  it("of a newer BullMQ is refused", async (context) => {
    const url = await freshDatabase(context);
    await makeQueue(url);
    await run(url, "update bullmq.migration set min_client_version = 99");
    expect(await refusal(url)).toMatch(
      /^QUEUE_URL: PostgreSQL at \S+ holds the queue of BullMQ 99 or newer, this is BullMQ \d+: /,
    );
  });

  it("that is too old is refused in words", async (context) => {
    const url = await freshDatabase(context);
    await run(
      url,
      `create function public.current_setting(text) returns text language sql as
         $$ select case $1 when 'server_version_num' then '120022' when 'server_version' then '12.22' else pg_catalog.current_setting($1) end $$;
       do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$`,
    );
    const examined = withPool({ url, max: 1, name: "test" }, examineSchema);
    await expect(examined).rejects.toThrow(
      /^is of version 12\.22, and a queue needs 13 or newer: /,
    );
  });
});

describe("to open it without a change", () => {
  const tables = (url: string) =>
    run(url, "select nspname, max(oid) from pg_namespace where nspname = 'bullmq' group by 1");

  it("makes nothing where nothing is", async (context) => {
    const url = await freshDatabase(context);
    const { transport, warnings } = await openUnchanged(options(url));
    expect(transport).toBeUndefined();
    expect(warnings).toEqual([
      { code: "queue_not_made", says: expect.stringMatching(/holds no queue yet/) },
    ]);
    expect(await tables(url)).toEqual([]);
  });

  it("upgrades nothing", async (context) => {
    const url = await freshDatabase(context);
    await makeQueue(url);
    await run(url, OLDER);
    const before = await run(url, "select * from bullmq.migration order by version");
    const { transport, warnings } = await openUnchanged(options(url));
    expect(transport).toBeUndefined();
    expect(warnings).toEqual([
      { code: "queue_not_made", says: expect.stringMatching(/of an older BullMQ/) },
    ]);
    expect(await run(url, "select * from bullmq.migration order by version")).toEqual(before);
  });

  it("opens what is there", async (context) => {
    const url = await freshDatabase(context);
    await makeQueue(url);
    const { transport, warnings } = await openUnchanged(options(url));
    expect([await transport?.count("load"), warnings]).toEqual([0, []]);
    await transport?.close();
  });

  it("leaves nothing of a queue that is counted there", async (context) => {
    const url = await freshDatabase(context);
    await makeQueue(url);
    const redis = await freshRedis(context);
    for (const place of [url, redis]) {
      const { transport } = await openUnchanged(options(place));
      expect(await transport?.count("load")).toBe(0);
      await transport?.close();
    }
    const { rows } = await withPool({ url, max: 1, name: "test" }, (pool) =>
      pool.query("select count(*) as rows from bullmq.meta"),
    );
    expect(rows).toEqual([{ rows: 0 }]);
    const client = new Redis(redis);
    context.onTestFinished(() => client.disconnect());
    expect(await client.keys("test:*load*")).toEqual([]);
  });
});

describe("a queue on PostgreSQL", () => {
  it("lies in its own schema, whatever its URL says in options", async (context) => {
    const url = new URL(await freshDatabase(context));
    url.searchParams.set("options", "-c search_path=public -c work_mem=8MB");
    const transport = await openTransport(options(url.href));
    context.onTestFinished(() => transport.close());
    expect(await transport.count("load-practices")).toBe(0);
  });

  it.each([
    "unsupported startup parameter: options",
    "unsupported startup parameter in options: search_path",
  ])("is refused behind a pooler that takes no options: %s", async (message) => {
    const line = await openLine("postgres://worker@127.0.0.1:1/queue");
    line.limit(0, message, "08P01");
    for (const open of [
      () => openTransport(options(line.url)),
      () => examineTransport(options(`${line.url}?options=-c%20work_mem%3D8MB`)),
    ]) {
      const failure: unknown = await open().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigurationError);
      expect(String(failure)).toMatch(
        /QUEUE_URL: PostgreSQL at .*: a pooler before it takes no options \(08P01\).*search_path/,
      );
    }
    await line.cut();
  });
});
