/** What a forecast says of rows whose key the source has changed: loaders find them again. */
import { entities, entityNamed } from "@nexus/catalog";
import { type Client, inTransaction } from "@nexus/shared/database";
import { freshTarget, type TestContext } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { fateSql } from "./fate-sql.ts";

/** Two practices with three people; memberships 10 to 12. */
const MEMBERS = `
  insert into public.practices (legacy_id, name) values (1, 'A'), (2, 'B');
  insert into public.profiles (legacy_id) values (1), (2), (3);
  insert into public.practice_members (legacy_id, practice_id, profile_id, role, is_active)
    select 9 + p.legacy_id, o.id, p.id, 'doctor', true from public.practices o, public.profiles p where o.legacy_id = 1;
  create temp table expected (source_key bigint, legacy_key bigint, outcome text, practice_id bigint, profile_id bigint, role text, is_active boolean,
    created_at timestamptz, updated_at timestamptz)`;

async function fates(tx: Client, entity: string, isKept: boolean): Promise<Record<number, string>> {
  const { rows } = await tx.query<{ key: number; fate: string }>(
    `select e.source_key as key, ${fateSql(entityNamed(entities, entity), isKept)}`,
  );
  return Object.fromEntries(rows.map(({ key, fate }) => [key, fate]));
}

async function inTarget<T>(context: TestContext, story: (tx: Client) => Promise<T>): Promise<T> {
  return await inTransaction(await freshTarget(context), story);
}

it("does not call a membership new that the source has inserted again under another id", async (context) => {
  await inTarget(context, async (tx) => {
    await tx.query(MEMBERS);
    await tx.query(`insert into expected values
      (20, 20, 'loaded', 1, 1, 'doctor', true), (21, 21, 'loaded', 1, 2, 'owner', true), (12, 12, 'loaded', 1, 3, 'doctor', true),
      (22, 22, 'loaded', 2, 3, 'doctor', true), (23, 23, 'rejected', 1, 1, 'doctor', true)`);
    expect(await fates(tx, "practice_members", true)).toEqual({
      20: "unchanged",
      21: "updated",
      12: "unchanged",
      22: "inserted",
      23: null,
    });
  });
});

it("leaves a membership to its id while that is there, and to nobody who has none", async (context) => {
  await inTarget(context, async (tx) => {
    await tx.query(MEMBERS);
    await tx.query("update public.practice_members set legacy_id = null where legacy_id = 11");
    await tx.query(`insert into expected values
      (10, 10, 'loaded', 2, 1, 'doctor', true), (20, 20, 'loaded', 1, 1, 'doctor', true), (21, 21, 'loaded', 1, 2, 'doctor', true)`);
    expect(await fates(tx, "practice_members", true)).toEqual({
      10: "updated",
      20: "inserted",
      21: "inserted",
    });
  });
});

/** Projects 1 to 5 with the keys 101 to 105; 5 was there before us. */
const PROJECTS = `
  insert into public.cases (legacy_project_id) select n from generate_series(1, 6) n;
  insert into public.projects (legacy_id, case_id, name, project_type, status, metadata)
    select 100 + c.legacy_project_id, c.id, 'n', null, null,
      case when c.legacy_project_id = 5 then '{}' else jsonb_build_object('legacy', jsonb_build_object('id', c.legacy_project_id)) end
    from public.cases c where c.legacy_project_id < 6;
  create temp table expected (source_key bigint, legacy_key bigint, outcome text, case_id bigint, practice_id bigint, name text, project_type text, target_status text,
    status text, file_size bigint, creator_id bigint, metadata jsonb, created_at timestamptz, updated_at timestamptz);
  create function pg_temp.expect(source bigint, key bigint) returns void language sql as $$
    insert into expected (source_key, legacy_key, outcome, case_id, name, metadata)
      values (source, key, 'loaded', source, 'n', jsonb_build_object('legacy', jsonb_build_object('id', source))) $$`;

it("finds a project again whose number has changed, and gives nobody another's", async (context) => {
  await inTarget(context, async (tx) => {
    await tx.query(PROJECTS);
    // 1 has a new number and 6 has its old one, 2 and 3 have changed theirs, 4 has its own, and so has 5.
    await tx.query(`select pg_temp.expect(source, key) from
      (values (1, 300), (2, 103), (3, 102), (4, 104), (5, 105), (6, 101)) e (source, key)`);
    expect(await fates(tx, "projects", false)).toEqual({
      1: "unchanged",
      2: "unchanged",
      3: "unchanged",
      4: "unchanged",
      5: "updated",
      6: "inserted",
    });
  });
});
