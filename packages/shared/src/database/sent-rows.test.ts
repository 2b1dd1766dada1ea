import { entities, entityNamed, type LoadedRow } from "@nexus/catalog";
import { beforeEach, expect, it } from "vitest";
import { freshTarget } from "../testing/fresh-target.ts";
import type { Pool } from "./pool.ts";
import {
  addChanges,
  type Changes,
  changesFrom,
  countDifferent,
  NO_CHANGES,
  sentColumns,
  sentValues,
} from "./sent-rows.ts";

const practices = entityNamed(entities, "practices");
const columns = sentColumns(practices, { generated: [], texts: [] });

let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
  await target.query(
    "insert into public.practices (id, legacy_id, name, phone) select gen_random_uuid(), n, 'Practice ' || n, '1' from generate_series(1, 3) n",
  );
});

async function changesOf(rows: readonly Pick<LoadedRow, "row">[]): Promise<Changes> {
  const ids = rows.map(() => "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  const sql = countDifferent(
    columns,
    "select * from public.practices o where o.legacy_id = i.legacy_id",
  );
  const found = await target.query<{ rows: number; columns: string }>(
    sql,
    sentValues(columns, ids, rows),
  );
  return found.rows.map(changesFrom).reduce(addChanges, NO_CHANGES);
}

function practice(legacyId: number, phone: string | null, name = `Practice ${legacyId}`) {
  return { row: { legacy_id: legacyId, name, phone, is_active: true } };
}

it("counts the rows that differ from what is there, and in which columns; new rows are none of them", async () => {
  const rows = [practice(1, "1"), practice(2, "2"), practice(3, null, "Other"), practice(4, "1")];
  expect(await changesOf(rows)).toEqual({ rows: 2, columns: { phone: 2, name: 1 } });
});

it("takes an instant that the source has not for no difference", async () => {
  const { row } = practice(1, "1");
  const dated = { row: { ...row, created_at: null, updated_at: "2019-05-01 10:00:00+00" } };
  expect(await changesOf([dated])).toEqual({ rows: 1, columns: { updated_at: 1 } });
});

it("sends text where the target has text for an enum, and no column that the target computes", () => {
  const cases = entityNamed(entities, "cases");
  const sent = sentColumns(cases, { generated: ["title"], texts: ["case_type"] });
  expect(sent["case_type"]?.type).toBe("text");
  expect(Object.keys(sent)).not.toContain("title");
});
