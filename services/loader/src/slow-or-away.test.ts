/** A source that gives rows too slowly, or not for a while. */
import type { TestContext } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type LoaderUnderTest, loaderUnderTest } from "./loader.fixture.ts";

let given: TestContext;
beforeEach((context) => {
  given = context;
});

describe("a row that takes the source too long", () => {
  /** Offices whose reading takes a minute, where `slow` is true. */
  async function slowOffices(
    { legacy }: LoaderUnderTest,
    offices: number,
    slow: string,
  ): Promise<void> {
    await legacy.query(
      `create function takes_long() returns text stable language plpgsql as
         $$ begin return pg_sleep(60)::text; end $$;
       alter table dispatch_office rename to offices;
       create view dispatch_office as
         select id, case when ${slow} then takes_long() else name end as name, address, phone, doctor_id from offices;
       insert into offices (id, name) select n, 'o' || n from generate_series(1, ${offices}) n`,
    );
  }

  it("is found when its batch took too long twice, and rejected; the others are loaded", async () => {
    const under = await loaderUnderTest(given, { legacyStatementMs: 3_000 });
    await slowOffices(under, 4, "id = 3");
    const offer = await under.begin("practices");
    expect(await offer()).toMatchObject({ status: "planned", error_code: "57014", attempts: 1 });
    expect(await offer()).toMatchObject({
      status: "done",
      error_code: null,
      read: 4,
      loaded: 3,
      exceptions: ["3 unreadable_57014"],
    });
  });

  it("is no row where all of them do: the batch fails with a reason", async () => {
    const under = await loaderUnderTest(given, { legacyStatementMs: 500 });
    await slowOffices(under, 2, "true");
    const loaded = await under.load("practices", undefined, 1, 4);
    expect(loaded).toMatchObject({ status: "failed", error_code: "57014", exceptions: [] });
  });
});

describe("a statement that meets a limit of the server's configuration", () => {
  /** Offices whose reading sorts more than a session may put into temporary files. */
  async function spillingOffices({ legacy }: LoaderUnderTest): Promise<void> {
    await legacy.query(
      `insert into dispatch_office (id, name, phone) values (1, 'o1', '555');
       create function spilt() returns bigint stable language sql set work_mem = '64kB' set temp_file_limit = '8kB' as
         $$ select count(*) from (select n from generate_series(1, 50000) n order by md5(n::text) offset 1) sorted $$;
       alter table dispatch_office rename to offices;
       create view dispatch_office as
         select id, name || spilt() as name, address, phone, doctor_id from offices`,
    );
  }

  it("spends attempts: the batch fails with a reason, and holds no others up for ever", async () => {
    const under = await loaderUnderTest(given);
    await spillingOffices(under);
    const offer = await under.begin("practices");
    expect(await offer()).toMatchObject({ status: "planned", error_code: "53400", attempts: 1 });
    for (let attempt = 2; attempt < 5; attempt++) await offer();
    expect(await offer()).toMatchObject({ status: "failed", error_code: "53400", exceptions: [] });
    const { rows } = await under.target.query("select from migration.holds where code is not null");
    expect(rows).toEqual([]);
  });
});

describe("what is away from the source for a while", () => {
  it("is a table: no batch fails for it, and it is read when it is back", async () => {
    const under = await loaderUnderTest(given);
    await under.legacy.query(
      "insert into dispatch_office (id, name, phone) values (1, 'o1', '555')",
    );
    const offer = await under.begin("practices");
    await under.legacy.query("alter table dispatch_office rename to elsewhere");
    expect(await offer()).toMatchObject({ status: "planned", error_code: "42P01", attempts: 0 });
    await under.legacy.query("alter table elsewhere rename to dispatch_office");
    expect(await offer()).toMatchObject({ status: "done", read: 1, loaded: 1 });
  });

  it("is a column that may be absent, and was not: no row is loaded without it", async () => {
    const under = await loaderUnderTest(given);
    await under.legacy.query(
      `alter table dispatch_office add city text;
       insert into dispatch_office (id, name, address, city) values (1, 'o1', 'street', 'town')`,
    );
    const offer = await under.begin("practices");
    await under.legacy.query("alter table dispatch_office rename city to elsewhere");
    expect(await offer()).toMatchObject({ status: "planned", error_code: "42703", attempts: 0 });
    await under.legacy.query("alter table dispatch_office rename elsewhere to city");
    expect(await offer()).toMatchObject({ status: "done", loaded: 1 });
    const { rows } = await under.target.query("select address from practices");
    expect(rows).toEqual([{ address: "street, town" }]);
  });

  it("is the server of a foreign table: no batch fails for it, and no row is blamed", async () => {
    const under = await loaderUnderTest(given);
    const { legacy } = under;
    const found = await legacy.query<{ port: string; database: string }>(
      `select current_setting('port') as port, current_database() as database
         from pg_available_extensions where name = 'postgres_fdw'`,
    );
    const self = found.rows[0] ?? given.skip("this PostgreSQL has no postgres_fdw");
    await legacy.query(
      `insert into dispatch_office (id, name, phone) values (1, 'o1', '555');
       alter table dispatch_office rename to offices; create extension postgres_fdw;
       create server far foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1', dbname '${self.database}');
       create user mapping for current_user server far options (user 'postgres');
       create foreign table dispatch_office (id integer, name text, address text, phone text, doctor_id integer)
         server far options (table_name 'offices')`,
    );
    const offer = await under.begin("practices");
    for (let times = 0; times < 8; times++)
      expect(await offer()).toMatchObject({
        status: "planned",
        error_code: "foreign_server_away",
        attempts: 0,
      });
    await legacy.query(`alter server far options (set port '${self.port}')`);
    expect(await offer()).toMatchObject({ status: "done", loaded: 1, exceptions: [] });
  });
});
