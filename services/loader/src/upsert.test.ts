import { entities, entityNamed, type LoadedRow } from "@nexus/catalog";
import { inTransaction, type Pool } from "@nexus/shared/database";
import { freshTarget } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { upsert, upsertBisecting, type Write, type Written } from "./upsert.ts";

const CONTEXT = {
  idNamespace: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  tables: () => ({ generated: [], texts: [], overrules: false, rules: "" }),
};
const practices = entityNamed(entities, "practices");

let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
});

function practice(legacyId: number, more: Readonly<Record<string, string | null>> = {}): LoadedRow {
  const row = { legacy_id: legacyId, name: `Practice ${legacyId}`, is_active: true, ...more };
  return { kind: "loaded", legacyId, row, notes: [] };
}

function write(rows: readonly LoadedRow[], how: Write = upsert): Promise<Written> {
  return inTransaction(target, (tx) => how(tx, practices, CONTEXT, rows));
}

async function stored(): Promise<Record<string, unknown>[]> {
  const { rows } = await target.query<Record<string, unknown>>(
    "select *, ctid::text as place from public.practices order by legacy_id",
  );
  return rows;
}

describe("an upsert", () => {
  it("inserts what is new, updates what has changed, and leaves alone what is equal", async () => {
    const first = await write([practice(1), practice(2), practice(3)]);
    expect([first.inserted.length, first.updated.length]).toEqual([3, 0]);
    const before = await stored();
    const second = await write([
      practice(1),
      practice(2, { phone: "1" }),
      practice(3),
      practice(4),
    ]);
    const after = await stored();
    expect(second.updated).toEqual([before[1]?.["id"]]);
    expect(second.inserted).toEqual([after[3]?.["id"]]);
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
  });

  it("of equal rows writes nothing", async () => {
    const rows = [practice(1), practice(2, { email: null })];
    await write(rows);
    const before = await stored();
    expect(await write(rows)).toEqual({ inserted: [], updated: [], refused: [] });
    expect(await stored()).toEqual(before);
  });

  it("keeps the id of a row that is there already", async () => {
    const id = "00000000-0000-4000-8000-000000000001";
    await target.query("insert into public.practices (id, legacy_id, name) values ($1, 1, 'old')", [
      id,
    ]);
    expect((await write([practice(1)])).updated).toEqual([id]);
  });

  it("of no rows does nothing", async () => {
    expect(await write([])).toEqual({ inserted: [], updated: [], refused: [] });
  });
});

describe("the instants of a row", () => {
  const CREATED = "2019-05-06 07:08:09.123456+00";
  const instants = async (): Promise<unknown> =>
    (
      await target.query(
        "select to_json(created_at at time zone 'UTC') #>> '{}' as created, to_json(updated_at at time zone 'UTC') #>> '{}' as updated from public.practices",
      )
    ).rows[0];

  it("are the source's to the microsecond, where it has them", async () => {
    await write([practice(1, { created_at: CREATED, updated_at: "2020-01-01 00:00:00+00" })]);
    expect(await instants()).toEqual({
      created: "2019-05-06T07:08:09.123456",
      updated: "2020-01-01T00:00:00",
    });
  });

  it("are both the time of creation, where the source has no time of change", async () => {
    await write([practice(1, { created_at: CREATED })]);
    expect(await instants()).toEqual({
      created: "2019-05-06T07:08:09.123456",
      updated: "2019-05-06T07:08:09.123456",
    });
  });

  it("are the time of first load where the source has none, through later updates too", async () => {
    await write([practice(1)]);
    const first = await instants();
    expect((await write([practice(1, { phone: "1" })])).updated).toHaveLength(1);
    expect(await instants()).toEqual(first);
  });

  it("follow the source when they change there", async () => {
    await write([practice(1, { created_at: CREATED, updated_at: CREATED })]);
    const changed = { created_at: CREATED, updated_at: "2021-01-01 00:00:00+00" };
    expect((await write([practice(1, changed)])).updated).toHaveLength(1);
    expect(await instants()).toMatchObject({ updated: "2021-01-01T00:00:00" });
  });
});

describe("bisecting", () => {
  /** A generator of the seed 7, so that a failure can be repeated. */
  function badPositions(count: number): Set<number> {
    const positions = new Set([1, 1000]);
    for (let seed = 7; positions.size < count; seed = (seed * 48_271) % 2_147_483_647)
      positions.add(1 + (seed % 1000));
    return positions;
  }

  it.each([2, 9])("finds each of %d bad rows among 1,000, and writes all others", async (count) => {
    const bad = badPositions(count);
    const rows = Array.from({ length: 1000 }, (_, n) => {
      const broken = n % 2 === 0 ? { name: null } : { created_at: "never" };
      return practice(n + 1, bad.has(n + 1) ? broken : {});
    });
    await expect(write(rows)).rejects.toThrow();
    const { inserted, refused } = await write(rows, upsertBisecting);
    expect(new Set(refused.map(({ legacyId }) => legacyId))).toEqual(bad);
    expect(new Set(refused.map(({ sqlState }) => sqlState))).toEqual(new Set(["23502", "22007"]));
    expect(refused.find(({ sqlState }) => sqlState === "23502")?.column).toBe("name");
    expect(inserted).toHaveLength(1000 - bad.size);
    expect(await stored()).toHaveLength(1000 - bad.size);
  });

  it("finds none among good rows", async () => {
    expect(await write([practice(1)], upsertBisecting)).toMatchObject({ refused: [] });
  });

  it("leaves what is no row's fault to the whole batch", async () => {
    await target.query("drop table public.practices cascade");
    await expect(write([practice(1), practice(2)], upsertBisecting)).rejects.toMatchObject({
      code: "42P01",
    });
  });
});
