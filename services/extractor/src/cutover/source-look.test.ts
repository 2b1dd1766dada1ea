/** What two looks at a source tell of those who write in it. */
import { openPool, type Pool } from "@nexus/shared/database";
import { eventually, freshDatabase } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { lookAtSource, movement, type SourceLook } from "./source-look.ts";

let source: Pool;
beforeEach(async (context) => {
  const url = await freshDatabase(context);
  source = openPool({ url, max: 2, name: "nexus-test", onError: () => undefined });
  context.onTestFinished(() => source.end());
  await source.query(
    "create table rows (id integer); create schema aside; create table aside.rows (id integer)",
  );
});

const look = (): Promise<SourceLook> =>
  lookAtSource({
    legacy: source,
    settings: { legacyStatementMs: 10_000 },
    signal: new AbortController().signal,
  });

describe("two looks at a source", () => {
  it("are the same where nobody writes, though people read", async () => {
    const twoLooks = async () => {
      const before = await look();
      await source.query("select count(*) from rows");
      return { before, now: await look() };
    };
    // The snapshot is of the whole server, and other tests write in their databases there.
    const { before, now } = await eventually(twoLooks, {
      until: ({ before, now }) => before.snapshot === now.snapshot,
      within: 60_000,
    });
    expect(now).toEqual({ ...before, at: now.at });
    expect(now).toMatchObject({
      standby: false,
      counts: true,
      writers: 0,
      readOnlyByDefault: false,
    });
  });

  it.each([
    ["rows", "insert into rows values (1)"],
    ["aside.rows", "insert into aside.rows values (1)"],
  ])("name %s where somebody wrote in it", async (table, sql) => {
    const before = await look();
    await source.query(sql);
    // The counters tell of it late; the snapshot moves at once.
    expect(movement(before, await look()).begun).toBe(true);
    const now = await eventually(look, {
      until: (one) => movement(before, one).wrote,
      within: 30_000,
    });
    expect(movement(before, now).tables).toEqual([table]);
  });

  it("show a transaction that has written and is not at its end", async () => {
    const client = await source.connect();
    await client.query("begin; update rows set id = 2");
    expect(await look()).toMatchObject({ writers: 1 });
    await client.query("rollback");
    client.release();
    expect(await look()).toMatchObject({ writers: 0 });
  });

  it("show that whoever connects anew does not write", async () => {
    await source.query(
      `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
    );
    const url = source.options.connectionString ?? "";
    const anew = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
    const found = await lookAtSource({
      legacy: anew,
      settings: { legacyStatementMs: 10_000 },
      signal: new AbortController().signal,
    });
    await anew.end();
    expect(found.readOnlyByDefault).toBe(true);
  });

  it("believe no counter of a standby, and none that is switched off", async () => {
    const before = await look();
    const snapshot = "9:9:";
    for (const more of [{ standby: true }, { counts: false }]) {
      expect(movement({ ...before, ...more }, { ...before, ...more }).wrote).toBe(false);
      expect(movement({ ...before, ...more }, { ...before, ...more, snapshot }).wrote).toBe(true);
    }
    const late = { ...before, writes: { rows: 7 } };
    expect(movement(before, late).wrote).toBe(false);
    expect(movement(before, { ...late, snapshot }).wrote).toBe(true);
    const reset = "2026-01-01 00:00:00+00";
    expect(movement(before, { ...before, reset }).setBack).toBe(true);
  });
});
