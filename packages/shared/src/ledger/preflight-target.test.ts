import { entities } from "@nexus/catalog";
import { beforeEach, describe, expect, it } from "vitest";
import { ConfigurationError, UnavailableError } from "../config/failure.ts";
import { openPool, type Pool } from "../database/pool.ts";
import { preflightTarget } from "../database/preflight-target.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import { migrateTarget } from "./migrate.ts";

let url: string;
let target: Pool;

beforeEach(async (context) => {
  url = await freshDatabase(context, {
    name: "migrated_target",
    build: async (template) => {
      const pool = open(template);
      await migrateTarget({ target: pool, entities });
      await pool.end();
    },
  });
  target = open(url);
  return () => target.end();
});

/** Refusals of a target that its own database or role has set so. */
async function problemsWith(options: string): Promise<string> {
  const preferring = new URL(url);
  preferring.searchParams.set("options", options);
  const pool = open(preferring.href);
  try {
    return String(await preflightTarget(pool, entities).catch((error: unknown) => error));
  } finally {
    await pool.end();
  }
}

describe("the target", () => {
  it("is refused while it is read only by default, as a hosted one is whose disk is nearly full", async () => {
    expect(await problemsWith("-c default_transaction_read_only=on")).toContain(
      "default_transaction_read_only is on for ",
    );
  });

  it("passes whatever names are quoted by default", async () => {
    expect(await problemsWith("-c quote_all_identifiers=on")).toBe("undefined");
  });

  it("passes once it is migrated", async () => {
    await expect(preflightTarget(target, entities)).resolves.toBeUndefined();
  });

  it("passes when a newer release has added to it", async () => {
    await target.query(
      `insert into migration.schema_versions values ('099-added.sql');
       alter table migration.batches add column later text; alter table public.cases add column later text`,
    );
    await expect(preflightTarget(target, entities)).resolves.toBeUndefined();
  });

  it.each([
    {
      what: "it was never migrated",
      sql: "drop schema migration cascade",
      message: /not migrated: run `npm run nexus migrate`/,
    },
    {
      what: "it was never migrated, and a column of ours is generated",
      sql: `drop schema migration cascade; alter table public.patients drop column phone,
              add column phone text generated always as (first_name) stored`,
      message: /not migrated: run `npm run nexus migrate`; public\.patients\.phone is generated/,
    },
    {
      what: "it was never migrated, and its practices are the users of an authentication service",
      sql: `drop schema migration cascade; create schema auth; create table auth.users (id uuid primary key);
            alter table public.practices add foreign key (id) references auth.users`,
      message: /not migrated.*practices \(id\) refers to auth\.users\(id\)/,
    },
    {
      what: "a column that the mapping does not fill may not be empty",
      sql: "alter table public.profiles add column tenant uuid not null",
      message: /profiles\.tenant is NOT NULL without a default.*give it a default/,
    },
    {
      what: "a column of ours became generated",
      sql: "alter table public.patients drop column phone, add column phone text generated always as (first_name) stored",
      message: /public\.patients\.phone is generated/,
    },
    {
      what: "a check of a text column refuses a label",
      sql: `alter table public.workflow_templates alter column case_type type text,
              add constraint short check (case_type <> 'retention')`,
      message:
        /check short of public\.workflow_templates refuses retention, which is a value of case_type/,
    },
    {
      what: "its tables lie in another schema",
      sql: `drop schema migration cascade; create schema app;
            do $$ declare t regclass; begin
              for t in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
                execute format('alter table %s set schema app', t);
              end loop; end $$`,
      message: /practices.*lie in schema app, and the migration fills tables only in schema public/,
    },
    {
      what: "the ledger is of an older release",
      sql: "delete from migration.schema_versions where name like '001%'",
      message: /lacks 001-ledger\.sql: run `npm run nexus migrate`/,
    },
    {
      what: "a newer release was here that does more than add",
      sql: "insert into migration.schema_versions values ('099-added.sql'), ('100-changed.sql')",
      message: /newer release \(100-changed\.sql\)/,
    },
    {
      what: "a column is gone",
      sql: "alter table public.patients drop column phone",
      message:
        /run `npm run nexus migrate`, which would have: added column public\.patients\.phone/,
    },
    {
      what: "a table is gone",
      sql: "drop table public.workflow_templates",
      message: /created table public\.workflow_templates/,
    },
    {
      what: "foreign keys are switched off for a table",
      sql: "alter table public.cases disable trigger all",
      message: /run "alter table public\.cases enable trigger all"/,
    },
    {
      what: "a constraint is not validated",
      sql: "alter table public.cases add constraint short check (length(title) < 9) not valid",
      message: /constraint short of public\.cases is not validated/,
    },
  ])("is refused when $what", async ({ sql, message }) => {
    await target.query(sql);
    const failure = await preflightTarget(target, entities).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toContain("\n");
  });

  it("is refused when its sessions replicate, which switches foreign keys off", async () => {
    const name = new URL(url).pathname.slice(1);
    await target.query(`alter database ${name} set session_replication_role = replica`);
    const fresh = open(url);
    await expect(preflightTarget(fresh, entities)).rejects.toThrow(
      /session_replication_role is replica/,
    );
    await fresh.end();
  });

  it("is not waited for for ever while somebody alters a table", async () => {
    const altering = open(url);
    await altering.query("begin; lock table public.cases in access exclusive mode");
    const failure = await preflightTarget(target, entities, 300).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(String(failure)).toMatch(/a table stayed locked for 0\.3 s/);
    await altering.end();
    await expect(preflightTarget(target, entities)).resolves.toBeUndefined();
  });

  it.for([
    ["not even use", ""],
    ["use and not read", "grant usage on schema migration to "],
  ] as const)("is refused to a role that may %s the ledger", async ([, grant], context) => {
    const login = await freshLogin(context, url);
    if (grant !== "") await target.query(`${grant}${login.username}`);
    const worker = open(login.href);
    const failure = await preflightTarget(worker, entities).catch((error: unknown) => error);
    await worker.end();
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).toMatch(kept(login.username));
  });

  it("is refused to a role that does not own its tables, all at once", async (context) => {
    const login = await freshLogin(context, url);
    await target.query(
      `grant usage on schema migration to ${login.username}; grant select on migration.schema_versions to ${login.username}`,
    );
    const worker = open(login.href);
    const refused = preflightTarget(worker, entities);
    await expect(refused).rejects.toThrow(
      /public\.practices belongs to role.*migration\.batches.* belong to role/,
    );
    await worker.end();
  });
});

/** Whom the ledger belongs to, and what to do about it. */
function kept(role: string): RegExp {
  return new RegExp(
    `: schema migration belongs to role (\\w+), and ${role} may not read it: connect as \\1, or run "grant \\1 to ${role}"`,
  );
}

function open(connection: string): Pool {
  return openPool({ url: connection, max: 1, name: "test", onError: () => undefined });
}
