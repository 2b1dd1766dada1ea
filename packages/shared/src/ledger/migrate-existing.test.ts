import { entities } from "@nexus/catalog";
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { ConfigurationError } from "../config/failure.ts";
import { openPool, type Pool } from "../database/pool.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import { schemaFacts } from "../testing/schema-facts.ts";
import { conflicts } from "./conflicts.fixture.ts";
import { migrateTarget } from "./migrate.ts";

let url: string;
let target: Pool;

beforeEach(async (context) => {
  url = await freshDatabase(context);
  target = openPool({ url, max: 2, name: "test", onError: () => undefined });
  return () => target.end();
});

describe("a target that has some of the tables", () => {
  it("gets what is missing and keeps its rows and their ids", async () => {
    const id = randomUUID();
    await target.query(
      `create type public.case_type_enum as enum ('emergency', 'house_call');
       create table public.practices (id uuid primary key, name text, motto text);
       insert into public.practices values ('${id}', 'Old one', 'Smile');
       create table public.cases (id uuid primary key, practice_id uuid, case_type public.case_type_enum, title varchar not null);
       alter table public.cases add foreign key (practice_id) references public.practices not valid`,
    );
    const { applied } = await migrateTarget({ target, entities });
    expect(applied).toEqual(
      expect.arrayContaining([
        "added refinement to type public.case_type_enum",
        "added column public.practices.legacy_id",
        "added unique (legacy_id) to public.practices",
        "gave public.practices.id a default",
        "made public.practices.name not null",
        "validated foreign key (practice_id) of public.cases",
        "added an index on public.cases (practice_id)",
        "created table public.projects",
      ]),
    );
    const { rows } = await target.query("select id, legacy_id, motto from public.practices");
    expect(rows).toEqual([{ id, legacy_id: null, motto: "Smile" }]);
    expect((await migrateTarget({ target, entities })).applied).toEqual([]);
  });

  it("keeps text where an enum is wanted, when it takes every label", async () => {
    await target.query(
      `create table public.cases (id uuid primary key, case_type varchar(40), stage text,
         current_state text check (current_state = lower(current_state) and length(current_state) < 30),
         check (stage <> current_state))`,
    );
    const { applied } = await migrateTarget({ target, entities });
    expect(applied).toContain("added column public.cases.case_number");
    const { rows } = await target.query(
      `select attname::text as column, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = 'public.cases'::regclass and attname in ('case_type', 'current_state') order by attnum`,
    );
    expect(rows).toEqual([
      { column: "case_type", type: "character varying(40)" },
      { column: "current_state", type: "text" },
    ]);
    expect((await migrateTarget({ target, entities })).applied).toEqual([]);
  });

  it("may compute columns of its own", async () => {
    await target.query(
      `create table public.profiles (id uuid primary key, first_name text, last_name text,
         full_name text generated always as (first_name || ' ' || last_name) stored not null, number integer generated always as identity)`,
    );
    const { applied } = await migrateTarget({ target, entities });
    expect(applied).toContain("added column public.profiles.legacy_id");
  });

  it("may have tables of our names elsewhere, once there is one in schema public", async () => {
    await target.query(
      `create schema archive; create table archive.practices (id int); create table archive.profiles (id int);
       create table public.practices (id uuid primary key)`,
    );
    const { applied } = await migrateTarget({ target, entities });
    expect(applied).toContain("created table public.profiles");
  });

  it.each(conflicts())("names $what and changes nothing", async ({ setup, message }) => {
    await target.query(setup);
    const before = await schemaFacts(target);
    const failure = await migrateTarget({ target, entities }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toContain("\n");
    expect(await schemaFacts(target)).toEqual(before);
  });

  it("is told of all conflicts at once", async () => {
    await target.query(
      `create table public.practices (id uuid primary key, legacy_id text, slug text not null);
       create view public.cases as select 1 as id`,
    );
    await expect(migrateTarget({ target, entities })).rejects.toThrow(
      /legacy_id is text.*slug is NOT NULL.*public\.cases exists/,
    );
  });

  it("is told of a table that belongs to another role", async (context) => {
    const login = await freshLogin(context, url);
    await target.query(
      `create table public.practices (id uuid primary key);
       grant create on schema public to ${login.username};
       create schema migration authorization ${login.username}`,
    );
    const worker = openPool({ url: login.href, max: 1, name: "test", onError: () => undefined });
    await expect(migrateTarget({ target: worker, entities })).rejects.toThrow(
      /public\.practices belongs to role \w+/,
    );
    await worker.end();
  });
});
