/** Wrong input ends a process at once, with one line that says what to do, an exit code, and nothing written. */
import { fileURLToPath } from "node:url";
import { entities } from "@nexus/catalog";
import { makeSample } from "@nexus/local/sample";
import { serviceToRun } from "@nexus/local/services";
import { withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import {
  type PrivatePostgres,
  type PrivateRedis,
  type ServiceSpec,
  spawnService,
  startPostgres,
  startRedis,
} from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Env, PASSWORD, WRONG, WRONG_FOR_API } from "./wrong-environments.ts";

const postgres = await startPostgres();
const redis = await startRedis();

// Needs servers that nobody else writes to, so that "nothing was written" can be seen; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found || !redis.found)("wrong input", () => {
  let right: Env = {};

  beforeAll(async () => {
    if (postgres.found && redis.found) right = await prepare(postgres, redis);
  });
  afterAll(async () => {
    if (postgres.found) await postgres.stop();
    if (redis.found) await redis.stop();
  });

  describe.each([
    { service: "extractor", wrong: WRONG },
    { service: "loader", wrong: WRONG },
    { service: "api", wrong: WRONG_FOR_API },
  ] as const)("for the $service", ({ service, wrong }) => {
    const { main } = serviceToRun(service, { legacyUrl: "", targetUrl: "", queueUrl: "" });

    it.each(wrong)("when $what: ends with $code and one line", async ({ env, code, says }) => {
      const before = await everything(right);
      const { EMPTY_URL: _e, LACKING_URL: _l, ...given } = env(right);
      const said = await failureOf({ name: service, main, env: given }, code);
      for (const words of says) expect(said).toContain(words);
      expect(said).not.toContain(PASSWORD);
      expect(await everything(right)).toEqual(before);
      if (redis.found) expect(await redis.dump(right["QUEUE_URL"] ?? "")).toBe("");
    });
  });

  describe("for nexus migrate", () => {
    const main = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));

    it("a target in the way is listed whole, and nothing is changed", async () => {
      if (!postgres.found) return;
      const TARGET_URL = await postgres.database("taken");
      await withPool({ url: TARGET_URL, max: 1, name: "nexus-test" }, (target) =>
        target.query(`create table profiles (id integer primary key, email boolean); create view cases as select 1 as id;
          create table patients (id uuid primary key); create type project_type_enum as (a int)`),
      );
      const before = await everything({ TARGET_URL });
      const said = await failureOf(
        { name: "nexus", main, args: ["migrate"], env: { TARGET_URL } },
        2,
      );
      for (const words of [
        "nothing was changed",
        "public.profiles",
        "public.cases",
        "project_type_enum",
      ])
        expect(said).toContain(words);
      expect(await everything({ TARGET_URL })).toEqual(before);
    });
  });
});

/** Waits for the end of a process that must not start, and returns what it wrote beside its log. */
async function failureOf(spec: ServiceSpec, code: number): Promise<string> {
  const { exited, output } = spawnService(spec);
  expect(await exited, output()).toEqual({ code, signal: null });
  const said = output()
    .split("\n")
    .filter((line) => !line.startsWith("{"));
  expect(said, output()).toHaveLength(1);
  return said[0] ?? "";
}

async function prepare(postgres: PrivatePostgres, redis: PrivateRedis): Promise<Env> {
  const [LEGACY_URL, LACKING_URL, TARGET_URL, EMPTY_URL] = await Promise.all([
    postgres.database("legacy"),
    postgres.database("lacking"),
    postgres.database("target"),
    postgres.database("empty"),
  ]);
  for (const url of [LEGACY_URL, LACKING_URL])
    await makeSample({ url, scale: 0.0005, seed: 1, shape: "real" });
  await withPool({ url: LEGACY_URL, max: 1, name: "nexus-test" }, (legacy) =>
    legacy.query(`create role half_reader login; grant select on all tables in schema public to half_reader;
      revoke select on dispatch_patient from half_reader`),
  );
  await withPool({ url: LACKING_URL, max: 1, name: "nexus-test" }, (legacy) =>
    legacy.query(`drop table dispatch_state`),
  );
  await withPool({ url: TARGET_URL, max: 1, name: "nexus-test" }, (target) =>
    migrateTarget({ target, entities }),
  );
  return { LEGACY_URL, LACKING_URL, TARGET_URL, EMPTY_URL, QUEUE_URL: await redis.database() };
}

/** What there is in the PostgreSQL databases: relations and the transactions that made them, and the rows of the ledger. */
async function everything(env: Env): Promise<unknown[]> {
  const urls = Object.entries(env).flatMap(([name, url]) => (name === "QUEUE_URL" ? [] : url));
  return await Promise.all(
    urls.map((url) =>
      withPool({ url, max: 1, name: "nexus-test" }, async (database) => {
        const { rows } = await database.query(
          `select oid::regclass::text as name, xmin::text, pg_relation_size(oid) as size from pg_class
           where relkind in ('r', 'i', 'S', 'v') and relnamespace <> 'pg_catalog'::regnamespace order by 1`,
        );
        return rows;
      }),
    ),
  );
}
