/** PostgreSQL's own log, read from its file: no row of ours is in it, or nothing starts. */
import { entities } from "@nexus/catalog";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Pool, withPool } from "../database/pool.ts";
import { preflightTarget, privacyNotes } from "../database/preflight-target.ts";
import { inTransaction } from "../database/transaction.ts";
import { migrateTarget } from "./migrate.ts";
import { type TenantWorld, tenantWorld } from "./tenant-world.fixture.ts";

const CANARY = /canary-\w+/g;

interface Loud {
  /** Of the role of TARGET_URL. */
  readonly settings: Readonly<Record<string, string>>;
  readonly says: RegExp;
  /** It is not part of PostgreSQL: where it is not installed, its settings are looked at, and what it would log is not. */
  readonly extension?: true;
}

const parameters = (because: string): RegExp =>
  new RegExp(
    String.raw`the server's log gets the rows that we write, as parameters \(${because}\): have a superuser run "(alter role worker set log_parameter_max_length = 0)"`,
  );

const louds: readonly Loud[] = [
  { settings: { log_statement: "mod" }, says: parameters("log_statement is mod") },
  { settings: { log_statement: "all" }, says: parameters("log_statement is all") },
  {
    settings: { log_min_duration_statement: "0" },
    says: parameters("log_min_duration_statement is 0"),
  },
  {
    settings: { log_min_duration_sample: "0", log_statement_sample_rate: "1" },
    says: parameters("log_min_duration_sample is 0"),
  },
  {
    settings: { log_transaction_sample_rate: "1" },
    says: parameters("log_transaction_sample_rate is 1"),
  },
  {
    settings: {
      session_preload_libraries: "auto_explain",
      "auto_explain.log_min_duration": "0",
      "auto_explain.log_verbose": "on",
    },
    says: /the server's log gets values in plans of statements \(auto_explain\.log_min_duration is 0\): have a superuser run "(alter role worker set auto_explain\.log_min_duration = -1)"/,
  },
  {
    settings: {
      "pgaudit.log": "all",
      "pgaudit.log_parameter": "on",
      "pgaudit.log_level": "notice",
    },
    says: /as parameters \(pgaudit\.log is all, pgaudit\.log_parameter is on\): have a superuser run "(alter role worker set pgaudit\.log_parameter = off)"/,
    extension: true,
  },
  {
    settings: { "pgaudit.log": "write", "pgaudit.log_parameter": "on" },
    says: /as parameters \(pgaudit\.log is write, pgaudit\.log_parameter is on\): have a superuser run "(alter role worker set pgaudit\.log_parameter = off)"/,
    extension: true,
  },
];

/** What a role may be given to keep it from happening by itself. */
const GRANTED =
  "log_error_verbosity, log_parameter_max_length, auto_explain.log_min_duration, pgaudit.log_parameter";

let world: TenantWorld | undefined;
let here: TenantWorld;
beforeAll(async () => {
  world = await tenantWorld("plain", "pgaudit");
  await world?.worker.query(
    "alter table public.patients add constraint no_marker check (first_name not like '%refused%')",
  );
});
afterAll(() => world?.stop());
beforeEach((context) => {
  here = world ?? context.skip("this machine has no PostgreSQL");
});

describe.each(louds.map((one) => [Object.keys(one.settings).join(", "), one] as const))(
  "%s",
  (_, loud) => {
    beforeEach(() => set(loud.settings));

    it("is refused to a role that may not keep its rows out of the log, until that is done", async () => {
      const said = await refusal();
      expect(said).toMatch(loud.says);
      const { toMend } = await withPool(as("migrate"), (target) =>
        migrateTarget({ target, entities }),
      );
      expect(toMend?.join()).toMatch(loud.says);
      if (loud.extension !== true || here.preloaded)
        expect(await loggedDuring((pool) => write(pool, "written"))).toContain("canary-written");
      await here.superuser.query(loud.says.exec(said)?.[1] ?? "");
      expect(await refusal()).toBe("");
      expect(await loggedDuring((pool) => write(pool, "again"))).toEqual([]);
    });

    it("is kept out of the log by a role that may, in every transaction", async () => {
      await here.superuser.query(`grant set on parameter ${GRANTED} to worker`);
      expect(await refusal()).toBe("");
      const found = await loggedDuring(async (pool) => {
        await write(pool, "written");
        await expect(write(pool, "refused")).rejects.toMatchObject({ code: "23514" });
      });
      expect(found).toEqual([]);
      await here.superuser.query(`revoke set on parameter ${GRANTED} from worker`);
    });
  },
);

it("parameters of errors are ours to withhold, and rows that a constraint refuses are noted where they are not", async () => {
  await set({ log_parameter_max_length_on_error: "-1", debug_print_plan: "on" });
  expect(await refusal()).toBe("");
  expect(await withPool(as("notes"), (target) => privacyNotes(target, entities))).toEqual([
    `the server's log gets each row that a constraint refuses (log_error_verbosity is not terse): have a superuser run "alter role worker set log_error_verbosity = terse"`,
  ]);
  const failing = (pool: Pool): Promise<void> =>
    expect(write(pool, "zero", "1 / (legacy_id - legacy_id)")).rejects.toMatchObject({
      code: "22012",
    });
  expect(await loggedDuring(failing)).toEqual([]);
  await here.superuser.query("alter role worker set log_error_verbosity = terse");
  const refused = (pool: Pool): Promise<void> =>
    expect(write(pool, "refused")).rejects.toMatchObject({ code: "23514" });
  expect(await loggedDuring(refused)).toEqual([]);
});

it("a role whose errors and statements are not logged at all is let in", async () => {
  await set({ log_statement: "all", log_min_messages: "fatal" });
  expect(await refusal()).toBe("");
  expect(await loggedDuring((pool) => write(pool, "written"))).toEqual([]);
});

/** For sessions to come. */
async function set(settings: Readonly<Record<string, string>>): Promise<void> {
  const each = Object.entries(settings).map(
    ([name, value]) => `alter role worker set ${name} = '${value}'`,
  );
  await here.superuser.query(`alter role worker reset all; ${each.join("; ")}`);
}

function as(name: string) {
  return { url: here.url, max: 1, name: `nexus-${name}` };
}

async function refusal(): Promise<string> {
  const look = (target: Pool): Promise<string> =>
    preflightTarget(target, entities).then(() => "", String);
  return await withPool(as("preflight"), look);
}

async function loggedDuring(work: (pool: Pool) => Promise<unknown>): Promise<string[]> {
  const before = here.log().length;
  await withPool(as("loader"), work);
  return here.log().slice(before).match(CANARY) ?? [];
}

/** As the loader writes rows: many in one statement, all of them parameters. */
async function write(pool: Pool, what: string, legacyId = "null::integer"): Promise<void> {
  await inTransaction(pool, (tx) =>
    tx.query(
      `insert into public.patients (first_name, legacy_id)
       select first_name, ${legacyId} from unnest($1::text[], $2::integer[]) as r (first_name, legacy_id)`,
      [
        [`canary-${what}`, `canary-${what}`],
        [1, 2],
      ],
    ),
  );
}
