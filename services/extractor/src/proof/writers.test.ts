/** Who wrote a row last, whatever keeps it. */
import { openPool, type Pool, readSnapshot } from "@nexus/shared/database";
import { freshDatabase } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { writersOf } from "./writers.ts";

let source: Pool;
beforeEach(async (context) => {
  const url = await freshDatabase(context);
  source = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
  context.onTestFinished(() => source.end());
});

/** The writers of the rows of a table, in order of their ids. */
async function writers(table: string): Promise<(number | null)[]> {
  return await readSnapshot(source, async (tx) => {
    const { of } = await writersOf(tx, [{ table }]);
    const { rows } = await tx.query<{ writer: number | null }>(
      `select ${of(table)} as writer from ${table} order by id`,
    );
    return rows.map(({ writer }) => writer);
  });
}

async function write(sql: string): Promise<number> {
  const found = await source.query<{ at: number }>(
    `with w as (${sql} returning 1) select txid_current() as at from w`,
  );
  return found.rows[0]?.at ?? 0;
}

describe("the writer of a row", () => {
  it("is the transaction that wrote it last", async () => {
    await source.query("create table rows (id integer)");
    const first = await write("insert into rows values (1)");
    const second = await write("insert into rows values (2)");
    expect(await writers("rows")).toEqual([first, second]);
    const third = await write("update rows set id = 1 where id = 1");
    expect(await writers("rows")).toEqual([third, second]);
  });

  it("has its epoch: it is the newest that is not in the future", async () => {
    await source.query("create table rows (id integer)");
    const own = await write("insert into rows values (1)");
    const atNext = async (next: number): Promise<number | undefined> => {
      const answering = { query: () => Promise.resolve({ rows: [{ next, table: "rows" }] }) };
      const { of } = await writersOf(Object.assign(Object.create(source), answering), []);
      const { rows } = await source.query<{ writer: number }>(
        `select ${of("rows")} as writer from rows`,
      );
      return rows[0]?.writer;
    };
    expect(await atNext(3 * 2 ** 32 + own + 1)).toBe(3 * 2 ** 32 + own);
    expect(await atNext(3 * 2 ** 32 + own)).toBe(2 * 2 ** 32 + own);
  });

  it("is unknown of a view, of a foreign table, and where only columns may be read", async () => {
    await source.query(
      `create table rows (id integer);
       insert into rows values (1);
       create view seen as select * from rows;
       create foreign data wrapper nobody; create server nowhere foreign data wrapper nobody;
       create table parts (id integer);
       create foreign table far () inherits (parts) server nowhere;
       create table narrow (id integer);
       insert into narrow values (1);
       create role narrow_reader_of_rows;
       grant select (id) on narrow to narrow_reader_of_rows`,
    );
    const { of } = await writersOf(source, [{ table: "far" }, { table: "parts" }]);
    expect([of("far"), of("parts")]).toEqual(["null::bigint", "null::bigint"]);
    expect(await writers("seen")).toEqual([null]);
    await source.query("set role narrow_reader_of_rows");
    try {
      expect(await writers("narrow")).toEqual([null]);
    } finally {
      await source.query(
        "reset role; revoke all on narrow from narrow_reader_of_rows; drop role narrow_reader_of_rows",
      );
    }
  });
});
