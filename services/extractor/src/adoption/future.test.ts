/** Pages are mapped beside each other, and share what they find out of parents. */
import { entities, entityNamed, parseCodes } from "@nexus/catalog";
import { readSourceShape } from "@nexus/shared/database";
import { eventually, lockWaits } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { type Future, mapFuture } from "./future.ts";

const SOURCE = `
  alter table dispatch_office add name text, add doctor_id integer;
  create table auth_user (id integer primary key, email text, first_name text, last_name text);
  create table dispatch_office_doctors (id integer primary key, office_id integer, user_id integer);
  create table dispatch_patient (id integer primary key, user_id integer, birthdate date not null default '1980-01-01',
    created_at timestamptz not null default '2020-01-01', updated_at timestamptz);
  create table dispatch_project (id integer primary key, uid text, name text, type integer, status integer, creator_id integer,
    created_at timestamptz not null default '2020-01-01');
  create table dispatch_plan (id integer primary key, project_id integer, instruction_id integer);
  create table dispatch_instruction (id integer primary key, patient_id integer, notes text);
  insert into auth_user values (1, 'a@example.org', 'first', 'last');
  insert into dispatch_patient values (1, 1);
  insert into dispatch_project (id, uid, name) select n, 'u' || n, 'p' || n from generate_series(1, 2) n;
  insert into dispatch_instruction select n, 1, 'notes' from generate_series(1, 2) n;
  insert into dispatch_plan select n, n, n from generate_series(1, 2) n`;

it("a page waits for a parent that another page is finding out", async (context) => {
  const deps = await extractorUnderTest(context);
  const { legacy, target } = deps;
  await legacy.query(SOURCE);
  const future: Future = {
    deps,
    shape: await readSourceShape(legacy),
    codes: parseCodes({}),
    namespace: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    adopted: new Map(),
    parents: new Map(),
  };
  const cases = entityNamed(entities, "cases");
  const holder = await target.connect();
  let pages;
  try {
    await holder.query("begin; lock table public.profiles");
    const one = mapFuture(future, cases, [1]);
    await eventually(async () => (await lockWaits(target)) === 1);
    let over = false;
    const other = mapFuture(future, cases, [2]).finally(() => (over = true));
    await eventually(async () => over || (await lockWaits(target)) === 2);
    await holder.query("rollback");
    pages = await Promise.all([one, other]);
  } finally {
    holder.release(true);
  }
  const [[first], [second]] = pages;
  expect(first?.row["patient_id"]).toEqual(expect.any(String));
  expect(second?.row["patient_id"]).toBe(first?.row["patient_id"]);
});
