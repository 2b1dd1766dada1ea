/** What others have put on the target's tables is named before a run; what a migration puts there is not. */
import { entities } from "@nexus/catalog";
import { beforeEach, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { notesOnTarget } from "../database/preflight-target.ts";
import { freshTarget } from "../testing/fresh-target.ts";

let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
});

it("nothing is said of a target that only we have made", async () => {
  expect(await notesOnTarget(target, entities)).toEqual([]);
});

it("each rule of others is named, with its table and what it may do, and never with a value", async () => {
  await target.query(`
    create extension if not exists btree_gist;
    create function public.touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
    create table public.countries (name text primary key);
    alter table public.practices add constraint short check (length(name) < 40 and name <> 'canary'),
      add constraint one_each exclude using gist (name with =),
      add constraint listed foreign key (address) references public.countries;
    create unique index one_phone on public.practices (lower(phone));
    create unique index some_mail on public.practices (email) where is_active;
    create trigger touch before update on public.practices for each row execute function public.touch();
    create trigger "After" after insert on public.cases for each row execute function public.touch();
    create trigger off before insert on public.cases for each row execute function public.touch();
    alter table public.cases disable trigger off;
    create rule never as on delete to public.projects do instead nothing;
    alter table public.patients add full_name text generated always as (first_name || last_name) stored;
    alter table public.profiles alter first_name set not null`);
  expect(await notesOnTarget(target, entities)).toEqual([
    "public.practices: check short may reject rows",
    "public.practices: exclusion one_each may reject rows",
    "public.practices: foreign key listed may reject rows",
    "public.practices: trigger touch may change or reject rows before they are written",
    "public.practices: unique index one_phone may reject rows",
    "public.practices: unique index some_mail may reject rows",
    "public.profiles: not null of first_name rejects rows that have nothing there",
    "public.patients: generated column full_name may reject rows",
    `public.cases: trigger "After" may reject rows, and do more`,
    "public.projects: rule never may change what is written, or keep it from being written at all",
  ]);
});

it("a column of ours that takes no value is said to reject all", async () => {
  await target.query(
    "alter table public.practices drop column phone; alter table public.practices add phone text generated always as (name) stored",
  );
  expect(await notesOnTarget(target, entities)).toEqual([
    "public.practices: generated column phone rejects all rows: it takes no value of ours",
  ]);
});

it("a key to the users of Supabase Auth is said to reject who has no account yet", async () => {
  await target.query(`
    create schema auth;
    create table auth.users (id uuid primary key);
    alter table public.profiles add constraint profiles_id_fkey foreign key (id) references auth.users (id) on delete cascade`);
  expect(await notesOnTarget(target, entities)).toEqual([
    "public.profiles: foreign key profiles_id_fkey rejects each row without an account of Supabase Auth: start runs with accounts, or take it off for the load, and put it back when each has one",
  ]);
});

it("a trigger on the users of Supabase Auth is named: people who sign up become profiles by it", async () => {
  await target.query(`
    create schema auth;
    create table auth.users (id uuid primary key);
    create function public.add_profile() returns trigger language plpgsql as $$ begin insert into public.profiles (id) values (new.id); return new; end $$;
    create trigger on_auth_user_created after insert on auth.users for each row execute function public.add_profile();
    create trigger off after insert on auth.users for each row execute function public.add_profile();
    alter table auth.users disable trigger off;
    create trigger on_update after update on auth.users for each row execute function public.add_profile()`);
  expect(await notesOnTarget(target, entities)).toEqual([
    "auth.users: trigger on_auth_user_created runs for each new account: what it writes to public.profiles is not of the source, and where a profile is there already it may keep its account from being made",
  ]);
});
