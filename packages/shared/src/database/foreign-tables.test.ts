import { expect, it } from "vitest";
import { UnavailableError } from "../config/failure.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { withPool } from "./pool.ts";
import { failureOf, look } from "./source.fixture.ts";

const AWAY = `create extension if not exists postgres_fdw schema public;
  create server $name foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
  create user mapping for current_user server $name options (user 'nobody');
  alter table dispatch_patient rename to kept;`;

it.for([
  {
    what: "a foreign table",
    sql: "create foreign table dispatch_patient () inherits (kept) server $name",
    says: /dispatch_patient is a foreign table/,
  },
  {
    what: "a view of one",
    sql: "create foreign table patients () inherits (kept) server $name; create view dispatch_patient as select * from patients",
    says: /dispatch_patient is read from the foreign table \w+\.patients/,
  },
  {
    what: "a partition that is one",
    sql: `create table dispatch_patient (like kept) partition by list (id);
      create foreign table patients partition of dispatch_patient default server $name`,
    says: /dispatch_patient is read from the foreign table \w+\.patients/,
  },
])("$what whose server is away is named, and not the source", async ({ sql, says }, context) => {
  const url = await freshDatabase(context);
  await look(
    url,
    (await offers(url)) ? `${AWAY} ${sql}`.replaceAll("$name", "far") : context.skip(NONE),
    async (legacy) => {
      const failure = await failureOf(legacy);
      expect(failure).toBeInstanceOf(UnavailableError);
      expect(String(failure)).toMatch(says);
      expect(String(failure)).toMatch(
        /LEGACY_URL \(.+\): dispatch_patient .* of server far, and that server cannot be reached from the source \(08001\): /,
      );
    },
  );
});

const NONE = "this PostgreSQL has no postgres_fdw";

async function offers(url: string): Promise<boolean> {
  return await withPool({ url, max: 1, name: "test" }, async (pool) => {
    const { rowCount } = await pool.query(
      "select from pg_available_extensions where name = 'postgres_fdw'",
    );
    return rowCount === 1;
  });
}
