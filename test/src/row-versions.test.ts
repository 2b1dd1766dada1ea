/** Whatever people write in a source: where a fingerprint becomes another one, so does the version of its group. Else a delta would miss the change. */
import { entities, type Entity, fingerprintsSql, rowVersionsSql, tablesRead } from "@nexus/catalog";
import { makeSample, type Shape } from "@nexus/local/sample";
import { openPool, type Pool, readSourceShape } from "@nexus/shared/database";
import { freshDatabase, type TestContext } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { busySource } from "./live-source/busy-source.ts";

const EVERYTHING = ["-9223372036854775808", "9223372036854775807"];

describe.each<Shape>(["real", "reported"])("in the %s shape, the versions of rows", (shape) => {
  let legacy: Pool;

  beforeEach(async (context: TestContext) => {
    const url = await freshDatabase(context);
    await makeSample({ url, scale: 0.005, seed: 1, shape });
    legacy = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
    context.onTestFinished(() => legacy.end());
  });

  /** By entity that has versions: groups with a row that is other than it was, and of those, groups whose version is what it was. */
  const watch = async () => {
    const columns = await readSourceShape(legacy);
    const versioned = entities.flatMap((entity) => {
      const sql = rowVersionsSql(entity, columns);
      return sql === undefined ? [] : [{ entity, sql, rows: fingerprintsSql(entity, columns) }];
    });
    const take = async () =>
      await Promise.all(
        versioned.map(async ({ entity, sql, rows }) => ({
          entity,
          groups: await pairs(
            `select key >> 3 as key, md5(string_agg(key || ' ' || hash, ',' order by key)) as value from (${rows}) r group by 1`,
          ),
          versions: await pairs(
            `select place as key, rows || ' ' || version as value from (${sql}) v`,
          ),
        })),
      );
    let before = await take();
    return async () => {
      const now = await take();
      const found = now.map(({ entity, groups, versions }, n) => {
        const others = differing(groups, before[n]?.groups);
        const written = differing(versions, before[n]?.versions);
        return {
          entity,
          changed: others.size,
          missed: [...others].filter((key) => !written.has(key)),
        };
      });
      before = now;
      return found;
    };
  };

  const pairs = async (sql: string): Promise<Map<string, string>> => {
    const { rows } = await legacy.query<{ key: number; value: string }>(sql, EVERYTHING);
    return new Map(rows.map(({ key, value }) => [String(key), value]));
  };

  it("become others with each change that a row shows", async () => {
    const look = await watch();
    const people = busySource(legacy, shape, 7);
    const changed = new Map<Entity, number>();
    for (let n = 0; n < 60; n++) {
      await people.write();
      for (const { entity, changed: groups, missed } of await look()) {
        expect([entity.name, missed]).toEqual([entity.name, []]);
        changed.set(entity, (changed.get(entity) ?? 0) + groups);
      }
    }
    expect([...changed.values()].every((groups) => groups > 1)).toBe(true);
    expect(changed.size).toBe(2);
  });

  it("become others where rows that are joined are deleted", async () => {
    const look = await watch();
    const columns = await readSourceShape(legacy);
    await legacy.query("set session_replication_role = replica");
    const tables = new Set(
      entities
        .filter(({ source: { versions } }) => versions !== undefined)
        .flatMap((one) => tablesRead(one, columns)),
    );
    for (const table of [...tables].filter((one) => one !== "dispatch_project")) {
      await legacy.query(
        `delete from ${table} where id in (select id from ${table} order by md5(id::text) limit 5)`,
      );
      for (const { entity, missed } of await look())
        expect([table, entity.name, missed]).toEqual([table, entity.name, []]);
    }
  });

  it("are asked of every table that the extraction reads", async () => {
    const columns = await readSourceShape(legacy);
    for (const entity of entities) {
      const sql = rowVersionsSql(entity, columns) ?? "";
      const missing = tablesRead(entity, columns).filter(
        (table) => !new RegExp(`\\b(?:from|join) ${table}\\b`).test(sql),
      );
      expect([entity.name, sql === "" ? [] : missing]).toEqual([entity.name, []]);
    }
  });
});

function differing(
  now: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string> = new Map(),
): Set<string> {
  return new Set(
    [...now.keys(), ...before.keys()].filter((key) => now.get(key) !== before.get(key)),
  );
}
