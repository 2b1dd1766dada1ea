/**
 * The floor (bench/floor.sql) is the mapping in plain SQL: it runs on a sample, and shows exactly the changes that `mutate` reports.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freshDatabase, type Template } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import type { Database } from "./database.ts";
import { makeSample } from "./make.ts";
import { mutate, type MutatedEntity } from "./mutate.ts";
import { connect, numberOf, openTrial } from "./trial-database.ts";

const floor = fileURLToPath(new URL("../../../../bench/floor.sql", import.meta.url));
const keys: readonly { entity: MutatedEntity; key: string }[] = [
  { entity: "practices", key: "legacy_id" },
  { entity: "profiles", key: "legacy_id" },
  { entity: "patients", key: "legacy_id" },
  { entity: "cases", key: "legacy_project_id" },
  { entity: "projects", key: "legacy_id" },
  { entity: "practice_members", key: "legacy_id" },
  { entity: "case_states", key: "legacy_id" },
  { entity: "workflow_templates", key: "legacy_id" },
];

/** The keys whose rows differ between two targets, the times of load aside. */
const differences = async (
  db: Database,
  table: string,
  key: string,
): Promise<Record<string, number[]>> => {
  const row = (schema: string) =>
    `select ${key} as key, to_jsonb(t) - 'updated_at' - 'created_at' as row from ${schema}.${table} t`;
  const { rows } = await db.query(
    `select key, case when b.row is null then 'deleted' when a.row is null then 'inserted' else 'updated' end as change
     from (${row("before")}) a full join (${row("after")}) b using (key) where a.row is distinct from b.row order by key`,
  );
  const of = (change: string) =>
    rows.filter((row) => row["change"] === change).map((row) => Number(row["key"]));
  return { updated: of("updated"), inserted: of("inserted"), deleted: of("deleted") };
};

/** A sample in schema `legacy`, mapped by the floor to schema `before`. */
const mapped: Template = {
  name: "sample_floor",
  build: async (url) => {
    await makeSample({ url, shape: "real", schema: "legacy", scale: 0.1, seed: 5 });
    await runFloor(url, "before");
  },
};

const runFloor = (url: string, target: string): Promise<unknown> =>
  promisify(execFile)("psql", [
    "-qXd",
    url,
    "-v",
    "legacy=legacy",
    "-v",
    `target=${target}`,
    "-f",
    floor,
  ]);

describe("the floor on a sample", () => {
  it("loads every row, but for states without a case", async (context) => {
    const db = await openTrial(context, mapped);
    const lost = (source: string, target: string): Promise<number> =>
      numberOf(
        db,
        `select (select count(*) from legacy.${source}) - (select count(*) from before.${target})`,
      );
    expect(await lost("dispatch_office", "practices")).toBe(0);
    expect(await lost("auth_user", "profiles")).toBe(0);
    expect(await lost("dispatch_patient", "patients")).toBe(0);
    expect(await lost("dispatch_project", "cases")).toBe(0);
    expect(await lost("dispatch_project", "projects")).toBe(0);
    expect(await lost("dispatch_office_doctors", "practice_members")).toBe(0);
    expect(await lost("dispatch_template", "workflow_templates")).toBe(0);
    expect(await lost("dispatch_state", "case_states")).toBeGreaterThan(0);
    expect(await lost("dispatch_state", "case_states")).toBeLessThan(20);
  });

  it("shows exactly the changes that a mutation reports", async (context) => {
    const url = await freshDatabase(context, mapped);
    const db = await connect(context, url);
    const changes = await mutate({
      client: db,
      shape: "real",
      schema: "legacy",
      seed: 3,
      share: 0.02,
    });
    await runFloor(url, "after");
    for (const { entity, key } of keys) {
      expect(await differences(db, entity, key), entity).toEqual(changes[entity]);
      expect(changes[entity].updated.length, entity).toBeGreaterThan(0);
    }
  });
});
