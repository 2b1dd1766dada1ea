/** The source is only read: a role that may do nothing else suffices, and leaves no trace. */
import { type Pool, withPool } from "@nexus/shared/database";
import { mostReal, type RunningStack, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { expectSumsToClose } from "./outcomes.ts";

/** Everything in the catalog that a program can leave behind, and what was written to the tables. */
const TRACES = `
  select 'relation' as kind, oid::regclass::text as name, relkind::text || relnatts || coalesce(relacl::text, '') as facts from pg_class
    where relnamespace <> all(array['pg_catalog', 'information_schema']::regnamespace[]) and relnamespace::regnamespace::text !~ '^pg_(toast|temp)'
  union all select 'function', oid::regprocedure::text, md5(prosrc) from pg_proc where pronamespace = 'public'::regnamespace
  union all select 'schema', nspname::text, '' from pg_namespace where nspname !~ '^pg_'
  union all select 'trigger', tgname::text, tgenabled::text from pg_trigger
  union all select 'setting', setrole::text, setconfig::text from pg_db_role_setting
  union all select 'extension', extname::text, extversion from pg_extension
  union all select 'sequence', sequencename::text, coalesce(last_value::text, '') from pg_sequences
  order by 1, 2`;

describe.each(mostReal(stacks([embedded])))("the source, on $name", (stack) => {
  let journey: Journey;
  let before: unknown;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.01 } });
    before = await traces(journey.legacy);
    expectSumsToClose(await journey.completed(await journey.begin()));
  });
  afterAll(() => journey?.close());

  it("is left as it was found", async () => {
    expect(await traces(journey.legacy)).toEqual(before);
  });
});

describe.each(stacks())("a guarded source, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.01 }, prepare: guarded });
  });
  afterAll(() => journey?.close());

  it("gives a role with SELECT alone a whole run, in a database that refuses writes", async () => {
    const url = journey.stack.legacyUrl;
    await withPool({ url, max: 1, name: "nexus-test" }, async (legacy) => {
      await expect(legacy.query(`update auth_user set first_name = ''`)).rejects.toThrow(
        "read-only",
      );
    });
    const progress = await journey.completed(await journey.begin());
    expectSumsToClose(progress);
    expect(progress.reduce((sum, { loaded }) => sum + loaded, 0)).toBeGreaterThan(0);
  });

  it("may write dates in its own way: they arrive all the same", async () => {
    await withPool({ url: journey.stack.legacyUrl, max: 1, name: "nexus-test" }, async (legacy) => {
      const said = await legacy.query<{ day: string }>(`select date '2000-12-31' as day`);
      expect(said.rows).toEqual([{ day: "31.12.2000" }]);
    });
    const { rows } = await journey.target.query<{ code: string }>(
      `select distinct code from migration.notes where code = 'date_invalid'`,
    );
    expect(rows).toEqual([]);
    const dated = await journey.target.query<{ count: number }>(
      `select count(*) from patients where date_of_birth is not null`,
    );
    expect(dated.rows[0]?.count).toBeGreaterThan(0);
  });
});

async function traces(pool: Pool): Promise<unknown> {
  const { rows } = await pool.query(TRACES);
  return rows;
}

/** The environment of a role that may read the legacy database and nothing else; nobody may write it; its settings are somebody's taste. */
async function guarded({ legacyUrl }: RunningStack): Promise<Readonly<Record<string, string>>> {
  const { pathname } = new URL(legacyUrl);
  await withPool({ url: legacyUrl, max: 1, name: "nexus-test" }, (legacy) =>
    legacy.query(`
      create role nexus_reader login;
      grant usage on schema public to nexus_reader;
      grant select on all tables in schema public to nexus_reader;
      alter database "${pathname.slice(1)}" set default_transaction_read_only = on;
      alter database "${pathname.slice(1)}" set datestyle = 'German';
      alter database "${pathname.slice(1)}" set timezone = 'Asia/Tokyo'`),
  );
  const reading = new URL(legacyUrl);
  reading.username = "nexus_reader";
  return { LEGACY_URL: reading.href };
}
