/** Much text: it costs time, and neither memory nor another row's values. */
import { beforeEach, describe, expect, it } from "vitest";
import { type LoaderUnderTest, loaderUnderTest } from "./loader.fixture.ts";

/** Of a batch, and how often its notes repeat 32 characters. 1,000 notes of 750 kB are more than a buffer of Node can grow to. */
const [ROWS, REPEATS] = process.env["CHAOS_ROUNDS"] === undefined ? [40, 8_192] : [1_000, 23_438];

let under: LoaderUnderTest;
beforeEach(async (context) => {
  under = await loaderUnderTest(context);
});

async function ask<T extends object>(sql: string): Promise<T[]> {
  return (await under.target.query<T>(sql)).rows;
}

describe("a batch with much text", () => {
  it("is read in portions, written whole, and leaves the next batch as it is", async () => {
    await under.legacy.query(
      `insert into dispatch_project (id, name, uid) select n, 'p' || n, 'u' || n from generate_series(1, ${ROWS}) n;
       insert into dispatch_instruction (id, notes) select n, repeat(md5(n::text), ${REPEATS}) || n from generate_series(1, ${ROWS}) n;
       insert into dispatch_plan select n, n, n from generate_series(1, ${ROWS}) n;
       insert into dispatch_office (id, name, doctor_id) select n, 'Office ' || n, 1 from generate_series(1, 42) n;
       alter table auth_user add is_active boolean;
       insert into auth_user select n, true from generate_series(1, 22) n;
       insert into dispatch_office_doctors select n, n, n from generate_series(1, 22) n`,
    );
    expect(await under.load("cases")).toMatchObject({
      status: "done",
      read: ROWS,
      loaded: ROWS,
      inserted: ROWS,
    });
    const [notes] = await ask<{ whole: number }>(
      `select count(*) filter (where metadata #>> '{clinical,notes}' = repeat(md5(legacy_project_id::text), ${REPEATS}) || legacy_project_id) as whole from cases`,
    );
    expect(notes).toEqual({ whole: ROWS });
    expect(await under.load("practices")).toMatchObject({ status: "done", loaded: 42 });
    const names = await ask<{ name: string }>("select name from practices order by legacy_id");
    expect(names.map(({ name }) => name)).toEqual(
      Array.from({ length: 42 }, (_, n) => `Office ${n + 1}`),
    );
    await under.target.query(
      "insert into profiles (legacy_id) select n from generate_series(1, 22) n",
    );
    expect(await under.load("practice_members")).toMatchObject({ status: "done", loaded: 22 });
    const roles = await ask<{ role: string }>(
      "select role from practice_members order by legacy_id",
    );
    expect(roles.map(({ role }) => role)).toEqual(["owner", ...Array(21).fill("doctor")]);
  });

  it("is equal when it is read again", async () => {
    await under.legacy.query(
      `insert into dispatch_office (id, name) select n, repeat(chr(24085), 400000) || n from generate_series(1, 12) n`,
    );
    expect(await under.load("practices")).toMatchObject({ read: 12, loaded: 12, inserted: 12 });
    expect(await under.load("practices")).toMatchObject({
      read: 12,
      loaded: 12,
      inserted: 0,
      updated: 0,
    });
  });

  it("loses only the row that is too large for a process, and the one that breaks a rule", async (context) => {
    under = await loaderUnderTest(context, { rowBytes: 10 << 20 });
    await under.target.query(
      "alter table practices add constraint short check (name not like 'bad%')",
    );
    await under.legacy.query(
      `insert into dispatch_office (id, name) select n, case n when 7 then 'bad' else 'o' end || repeat('x', case n when 3 then 11000000 else 900000 end)
         from generate_series(1, 12) n`,
    );
    const { status, read, loaded, exceptions } = await under.load("practices");
    expect({ status, read, loaded }).toEqual({ status: "done", read: 12, loaded: 10 });
    expect(exceptions).toEqual(["3 row_too_large", "7 check_violated"]);
  });

  it("loses only the rows whose keys no integer holds", async () => {
    await under.legacy.query(
      `alter table dispatch_office alter column id type bigint;
       insert into dispatch_office (id, name) select n, repeat('x', 900000) from generate_series(1, 12) n;
       insert into dispatch_office (id, name) values (2147483648, 'a'), (9007199254740993, 'b')`,
    );
    const { status, read, loaded, exceptions } = await under.load("practices", [0, 2 ** 60]);
    expect({ status, read, loaded }).toEqual({ status: "done", read: 14, loaded: 12 });
    expect(exceptions).toEqual(["2147483648 unreadable id", "9007199254740993 unreadable id"]);
  });

  it("may take longer to be read than a session may idle in a transaction", async (context) => {
    under = await loaderUnderTest(context, { targetIdleMs: 500 });
    await under.legacy.query(
      `alter table dispatch_office rename to slow_office;
       create view dispatch_office as
         select id, name || pg_sleep(0.2)::text as name, address, phone, doctor_id from slow_office;
       insert into slow_office (id, name) select n, repeat('x', 900000) from generate_series(1, 12) n`,
    );
    const { status, error_code, loaded, exceptions } = await under.load("practices");
    expect({ status, error_code, loaded, exceptions }).toEqual({
      status: "done",
      error_code: null,
      loaded: 12,
      exceptions: [],
    });
  });

  it("is measured before it is begun again, so that its end can be said", async () => {
    await under.legacy.query(
      "insert into dispatch_office (id, name) select n, repeat('x', case n when 7 then 3000000 else 100 end) from generate_series(1, 12) n",
    );
    await under.load("practices", undefined, 1, 1);
    const [size] = await ask<{ bytes: number; largest: number }>(
      `select read_bytes as bytes, largest_row_bytes as largest from migration.batches`,
    );
    expect(size?.bytes).toBeGreaterThan(3_001_000);
    expect(size?.largest).toBeGreaterThan(3_000_000);
    expect(size?.largest).toBeLessThan(3_000_200);
  });
});
