/** A source that cannot give some of its rows: they cost themselves, and are named. */
import { withPool } from "@nexus/shared/database";
import { freshDatabase, type TestContext } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type LoaderUnderTest, loaderUnderTest } from "./loader.fixture.ts";
import type { SourceEncoding } from "./source.ts";

let given: TestContext;
beforeEach((context) => {
  given = context;
});

/** A loader whose source has an encoding of its own, and 40 offices with addresses. */
async function sourceIn(
  context: TestContext,
  encoding: string,
  how: SourceEncoding = { unreadable: "reject" },
  parameters = "",
): Promise<LoaderUnderTest> {
  const url = new URL(await freshDatabase(context));
  const name = `${url.pathname.slice(1)}_${encoding.toLowerCase()}`;
  const admin = { url: url.href, max: 1, name: "nexus-test" };
  await withPool(admin, (pool) =>
    pool.query(
      `create database ${name} encoding '${encoding}' lc_collate 'C' lc_ctype 'C' template template0`,
    ),
  );
  url.pathname = `/${name}`;
  url.search = parameters;
  const under = await loaderUnderTest(context, { legacyUrl: url.href, encoding: how });
  context.onTestFinished(() =>
    withPool(admin, async (pool) => {
      await pool.query(`drop database ${name} with (force)`);
    }),
  );
  await under.legacy.query(
    "insert into dispatch_office (id, name, address) select n, 'Office ' || n, 'Street, \"' || n || '\\' from generate_series(1, 40) n",
  );
  return under;
}

async function named(under: LoaderUnderTest, key: number): Promise<string | undefined> {
  const { rows } = await under.target.query<{ name: string }>(
    `select name from practices where legacy_id = ${key}`,
  );
  return rows[0]?.name;
}

async function notes({ target }: LoaderUnderTest): Promise<unknown[]> {
  return (
    await target.query("select code, column_name, legacy_ids from migration.notes order by 1, 2")
  ).rows;
}

describe("text that means nothing in its encoding", () => {
  it.each([
    { encoding: "SQL_ASCII", byte: 233 },
    { encoding: "WIN1252", byte: 129 },
  ])(
    "costs its row of a database in $encoding, which is named with its column",
    async ({ encoding, byte }) => {
      const under = await sourceIn(given, encoding);
      await under.legacy.query(
        `update dispatch_office set name = 'Caf' || chr(${byte}) where id in (7, 40)`,
      );
      const { exceptions, ...loaded } = await under.load("practices");
      expect(loaded).toMatchObject({ status: "done", read: 40, loaded: 38 });
      expect(exceptions).toEqual(["7 unreadable_text name", "40 unreadable_text name"]);
    },
  );

  it.each(["numeric(12,2)", "bigint", "double precision"])(
    "costs its row, whose key is %s",
    async (type) => {
      const under = await sourceIn(given, "SQL_ASCII");
      await under.legacy.query(
        `alter table dispatch_office alter id type ${type};
         update dispatch_office set name = 'Caf' || chr(233) where id = 7`,
      );
      const { exceptions, ...loaded } = await under.load("practices");
      expect(loaded).toMatchObject({ status: "done", read: 40, loaded: 39 });
      expect(exceptions).toEqual(["7 unreadable_text name"]);
    },
  );

  it("is repaired with a note, where that was chosen", async () => {
    const under = await sourceIn(given, "SQL_ASCII", { unreadable: "repair" });
    await under.legacy.query(
      "update dispatch_office set name = 'Caf' || chr(233) || ' A' where id = 7",
    );
    expect(await under.load("practices")).toMatchObject({ loaded: 40, exceptions: [] });
    expect(await named(under, 7)).toBe("Caf\uFFFD A");
    expect(await notes(under)).toEqual([
      { code: "text_repaired", column_name: "name", legacy_ids: [7] },
    ]);
  });

  it("is read as what it is, where somebody knows, and the rest arrives as it did", async () => {
    const under = await sourceIn(given, "SQL_ASCII", {
      unreadable: "reject",
      stored: "windows-1252",
    });
    await under.legacy.query(
      "update dispatch_office set name = 'Caf' || chr(233) || chr(128), phone = '' where id = 7",
    );
    expect(await under.load("practices")).toMatchObject({ read: 40, loaded: 40, exceptions: [] });
    expect(await named(under, 7)).toBe("Café€");
    const { rows } = await under.target.query<{ address: string }>(
      "select address from practices where legacy_id = 8",
    );
    expect(rows[0]?.address).toBe('Street, "8\\');
  });

  it("is noted in a database of LATIN1 that holds Windows' characters, and right with its true name", async () => {
    const doubtful = await sourceIn(given, "LATIN1");
    await doubtful.legacy.query(
      "update dispatch_office set name = chr(128) || chr(233) where id = 7",
    );
    expect(await doubtful.load("practices")).toMatchObject({ loaded: 40 });
    expect(await notes(doubtful)).toEqual([
      { code: "encoding_doubtful", column_name: "name", legacy_ids: [7] },
    ]);
    const told = await sourceIn(given, "LATIN1", { unreadable: "reject", stored: "windows-1252" });
    await told.legacy.query("update dispatch_office set name = chr(128) || chr(233) where id = 7");
    expect(await told.load("practices")).toMatchObject({ loaded: 40, exceptions: [] });
    expect(await named(told, 7)).toBe("€é");
    expect(await notes(told)).toEqual([]);
  });

  it("is right in a database of LATIN1, whatever the URL says of the client", async () => {
    const under = await sourceIn(
      given,
      "LATIN1",
      { unreadable: "reject" },
      "client_encoding=LATIN1",
    );
    await under.legacy.query("update dispatch_office set name = chr(233) where id = 7");
    await under.load("practices");
    expect(await named(under, 7)).toBe("é");
  });

  it("costs only the case whose notes it is in, not the project beside it", async () => {
    const under = await sourceIn(given, "SQL_ASCII");
    await under.legacy.query(
      `insert into dispatch_project (id, name, uid) select n, 'p' || n, 'u' || n from generate_series(1, 300) n;
       insert into dispatch_instruction (id, notes) select n, case when n in (5, 299) then chr(233) else 'n' end from generate_series(1, 300) n;
       insert into dispatch_plan select n, n, n from generate_series(1, 300) n`,
    );
    const { exceptions, ...loaded } = await under.load("cases");
    expect(loaded).toMatchObject({ status: "done", read: 300, loaded: 298 });
    expect(exceptions).toEqual(["5 unreadable_text notes", "299 unreadable_text notes"]);
    expect(await under.load("projects")).toMatchObject({ read: 300, loaded: 298 });
  });
});

/** Offices of which reading these ends the session of whoever reads them. */
async function endingSessions(
  { legacy }: LoaderUnderTest,
  offices: number,
  breakers: string,
): Promise<void> {
  await legacy.query(
    `create function session_ends(id integer) returns text stable language plpgsql as
       $$ begin return case when ${breakers} then pg_terminate_backend(pg_backend_pid())::text end; end $$;
     alter table dispatch_office rename to offices;
     create view dispatch_office as select id, coalesce(session_ends(id), name) as name, address, phone, doctor_id from offices;
     insert into offices (id, name) select n, 'o' || n from generate_series(1, ${offices}) n`,
  );
}

describe("a row whose reading breaks the connection", () => {
  it("is found by halving its batch, and rejected; the others are loaded", async () => {
    const under = await loaderUnderTest(given);
    await endingSessions(under, 300, "id in (7, 300)");
    const { exceptions, ...loaded } = await under.load("practices", undefined, 4);
    expect(exceptions).toEqual([
      "7 unreadable_breaks_connection",
      "300 unreadable_breaks_connection",
    ]);
    expect(loaded).toMatchObject({ status: "done", error_code: null, read: 300, loaded: 298 });
  });

  it("is found in a batch that is read in portions", async () => {
    const under = await loaderUnderTest(given);
    await endingSessions(under, 40, "id = 33");
    await under.legacy.query("update offices set address = repeat('x', 400000)");
    const { exceptions, ...loaded } = await under.load("practices", undefined, 4);
    expect(exceptions).toEqual(["33 unreadable_breaks_connection"]);
    expect(loaded).toMatchObject({ status: "done", read: 40, loaded: 39 });
  });

  it("is no row where all of them do it: the batch fails with a reason", async () => {
    const under = await loaderUnderTest(given);
    await endingSessions(under, 40, "true");
    const { exceptions, ...loaded } = await under.load("practices", undefined, 4);
    expect(exceptions).toEqual([]);
    expect(loaded).toMatchObject({ status: "failed", error_code: "breaks_connection" });
  });
});

describe("a row that the source cannot compute", () => {
  it.each([
    [
      "a cast",
      "case when id in (7, 8) then (name || 'x')::integer::text else name end",
      "unreadable_22P02",
    ],
    [
      "a division",
      "case when id in (7, 8) then (1 / (id - id))::text else name end",
      "unreadable_22012",
    ],
    ["damage", "case when id in (7, 8) then damaged() else name end", "unreadable_XX001"],
  ])("by %s costs itself", async (_, name, reason) => {
    const under = await loaderUnderTest(given);
    await under.legacy.query(
      `create function damaged() returns text stable language plpgsql as $$ begin raise data_corrupted; end $$;
       alter table dispatch_office rename to offices;
       create view dispatch_office as select id, ${name} as name, address, phone, doctor_id from offices;
       insert into offices (id, name) select n, 'o' || n from generate_series(1, 100) n`,
    );
    const { exceptions, ...loaded } = await under.load("practices");
    expect(loaded).toMatchObject({ error_code: null, status: "done", read: 100, loaded: 98 });
    expect(exceptions).toEqual([`7 ${reason}`, `8 ${reason}`]);
  });

  it("is every row, in as many queries as there are rows", async () => {
    const under = await sourceIn(given, "SQL_ASCII");
    await under.legacy.query("update dispatch_office set name = chr(233)");
    const { loaded, exceptions } = await under.load("practices");
    expect([loaded, exceptions.length]).toEqual([0, 40]);
  });
});
