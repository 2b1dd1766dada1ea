import { entities, entityNamed, type LoadedRow } from "@nexus/catalog";
import { inTransaction, openPool, type Pool } from "@nexus/shared/database";
import { freshDatabase, freshTarget } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { resolveLinks } from "./resolve-links.ts";
import { takeOver } from "./take-over.ts";

const members = entityNamed(entities, "practice_members");
const PRACTICE = "00000000-0000-4000-8000-00000000000a";
const PROFILES = [
  "00000000-0000-4000-8000-000000000001",
  "00000000-0000-4000-8000-000000000002",
] as const;

let target: Pool;
let legacy: Pool;

/** Memberships 10 and 11 are in the target; the source has 11 of them. */
beforeEach(async (context) => {
  target = await freshTarget(context);
  const url = await freshDatabase(context);
  legacy = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
  await legacy.query("create table dispatch_office_doctors (id integer primary key)");
  await legacy.query("insert into dispatch_office_doctors values (11), (20), (21)");
  await target.query(
    `insert into public.practices (id, legacy_id, name) values ('${PRACTICE}', 1, 'a');
     insert into public.profiles (id, legacy_id) values ('${PROFILES[0]}', 1), ('${PROFILES[1]}', 2);
     insert into public.practice_members (legacy_id, practice_id, profile_id)
       values (10, '${PRACTICE}', '${PROFILES[0]}'), (11, '${PRACTICE}', '${PROFILES[1]}')`,
  );
  return () => legacy.end();
});

function member(legacyId: number, profile: string): LoadedRow {
  const row = { legacy_id: legacyId, practice_id: PRACTICE, profile_id: profile };
  return { kind: "loaded", legacyId, row, notes: [] };
}

function take(...rows: LoadedRow[]): Promise<number[]> {
  const source = { legacy, legacyStatementMs: 10_000, signal: AbortSignal.timeout(60_000) };
  return inTransaction(target, (tx) => takeOver(tx, source, { undo: undefined }, members, rows));
}

async function held(): Promise<number[]> {
  const { rows } = await target.query<{ id: number }>(
    "select legacy_id as id from public.practice_members order by 1",
  );
  return rows.map(({ id }) => id);
}

describe("a pair that has a new id in the source", () => {
  it("is taken over when its old id is gone there", async () => {
    expect(await take(member(20, PROFILES[0]))).toEqual([20]);
    expect(await held()).toEqual([11, 20]);
  });

  it("is left to its old id while that is still there", async () => {
    expect(await take(member(21, PROFILES[1]))).toEqual([]);
    expect(await held()).toEqual([10, 11]);
  });

  it.each(["numeric(12,2)", "bigint", "double precision"])(
    "is left to its old id while that is still there, as %s",
    async (type) => {
      await legacy.query(`alter table dispatch_office_doctors alter id type ${type}`);
      expect(await take(member(20, PROFILES[0]), member(21, PROFILES[1]))).toEqual([20]);
      expect(await held()).toEqual([11, 20]);
    },
  );

  it("is not taken over by an id that has a row already", async () => {
    expect(await take(member(11, PROFILES[0]))).toEqual([]);
  });

  it("is not looked for in the source when there is none", async () => {
    await legacy.end();
    expect(await take(member(10, PROFILES[0]), member(11, PROFILES[1]))).toEqual([]);
    legacy = openPool({
      url: "postgres://nobody@127.0.0.1:1/none",
      max: 1,
      name: "x",
      onError: () => undefined,
    });
  });
});

describe("resolving links", () => {
  it("finds the parents that are in the target, with the columns that the child asks for", async () => {
    const patients = entityNamed(entities, "patients");
    await target.query(
      `update public.profiles set practice_id = '${PRACTICE}' where legacy_id = 2`,
    );
    const links = [
      { entity: "profiles", legacyId: 2, inSource: true },
      { entity: "profiles", legacyId: 3, inSource: true },
      { entity: "practices", legacyId: 1, inSource: true },
    ];
    const row = { legacyId: 1, links, map: () => expect.fail("not mapped here") };
    const find = await inTransaction(target, (tx) =>
      resolveLinks(tx, patients, [
        { kind: "row", row },
        { kind: "unreadable", legacyId: 2, reason: "unreadable", column: null },
      ]),
    );
    expect(find("profiles", 2)).toMatchObject({ id: PROFILES[1] });
    expect(Object.keys(find("profiles", 2) ?? {})).toEqual(
      expect.arrayContaining(["id", ...(patients.parents["profiles"] ?? [])]),
    );
    expect(find("practices", 1)).toMatchObject({ id: PRACTICE });
    expect(find("profiles", 3)).toBeUndefined();
    expect(find("profiles", 1)).toBeUndefined();
  });
});
