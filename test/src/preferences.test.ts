/** What a role or a database prefers, of either server, changes nothing of what arrives. */
import { entities } from "@nexus/catalog";
import { type Pool, withPool } from "@nexus/shared/database";
import { type RunningStack, stacks } from "@nexus/shared/testing";
import { afterAll, describe, expect, it } from "vitest";
import { type Journey, openJourney } from "./journey.ts";
import { expectSumsToClose } from "./outcomes.ts";

/** Each is somebody's taste or an administrator's thrift, and legal. */
const PREFERENCES = {
  "the source": [
    "array_nulls = off",
    "backslash_quote = off",
    "bytea_output = 'escape'",
    "client_min_messages = 'debug1'",
    "cursor_tuple_fraction = 1",
    "datestyle = 'SQL, DMY'",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_deferrable = on",
    "enable_indexscan = off",
    "enable_nestloop = off",
    "extra_float_digits = -15",
    "intervalstyle = 'sql_standard'",
    "lc_monetary = 'C'",
    "lock_timeout = 1",
    "quote_all_identifiers = on",
    "search_path = public, pg_catalog",
    "standard_conforming_strings = off",
    "statement_timeout = 300",
    "timezone = 'America/St_Johns'",
    "transform_null_equals = on",
    "xmlbinary = 'hex'",
    "work_mem = '64kB'",
  ],
  "the target": [
    "array_nulls = off",
    "backslash_quote = off",
    "bytea_output = 'escape'",
    "check_function_bodies = off",
    "client_min_messages = 'debug1'",
    "constraint_exclusion = off",
    "datestyle = 'SQL, DMY'",
    "default_transaction_isolation = 'serializable'",
    "extra_float_digits = -15",
    "intervalstyle = 'sql_standard'",
    "lock_timeout = 1",
    "plan_cache_mode = 'force_generic_plan'",
    "quote_all_identifiers = on",
    "search_path = ''",
    "standard_conforming_strings = off",
    "statement_timeout = '2s'",
    "synchronous_commit = off",
    "timezone = 'Asia/Kathmandu'",
    "transform_null_equals = on",
    "work_mem = '64kB'",
  ],
};

const ASIDE = ["id", "created_at", "updated_at"];

describe.each(stacks())("preferences, on $name", (stack) => {
  let expected: Record<string, string> | undefined;
  const opened: Journey[] = [];
  afterAll(() => Promise.all(opened.map((journey) => journey.close())));

  async function arrived(
    which: readonly (keyof typeof PREFERENCES)[],
  ): Promise<Record<string, string>> {
    const journey = await openJourney(stack, {
      sample: { scale: 0.01 },
      prepare: (running) => prefer(running, which),
    });
    opened.push(journey);
    expectSumsToClose(await journey.completed(await journey.begin()));
    return await contents(journey.target);
  }

  it.for([["the source"], ["the target"]] as const)("of %s change nothing", async (which) => {
    expected ??= await arrived([]);
    expect(await arrived(which)).toEqual(expected);
  });
});

async function prefer(
  { legacyUrl, targetUrl }: RunningStack,
  which: readonly (keyof typeof PREFERENCES)[],
): Promise<Record<string, never>> {
  const urls = { "the source": legacyUrl, "the target": targetUrl };
  for (const side of which)
    await withPool({ url: urls[side], max: 1, name: "nexus-test" }, async (pool) => {
      const database = new URL(urls[side]).pathname.slice(1);
      for (const preference of PREFERENCES[side])
        await pool.query(`alter database "${database}" set ${preference}`);
    });
  return {};
}

/** A digest of each table's rows, whatever their order, without the times at which they were loaded. */
async function contents(target: Pool): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const client = await target.connect();
  try {
    await client.query("set timezone = 'UTC'; set datestyle = 'ISO'");
    for (const {
      target: { table, key },
    } of entities) {
      const { rows } = await client.query<{ digest: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg((to_jsonb(t) - $1::text[])::text, ',' order by t.${key})), '') as digest from public.${table} t`,
        [ASIDE],
      );
      found[table] = rows[0]?.digest ?? "";
    }
    return found;
  } finally {
    client.release();
  }
}
