import { describe, expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { routines } from "./open-objects.ts";
import type { Opening } from "./opening-words.ts";
import { usersOf } from "./open-uses.ts";
import { withPool } from "./pool.ts";
import { unguardedTables } from "./unguarded-tables.ts";

/** Read a moment ago, and dropped since: another tenant of the server came and went. */
const roles = ["public", "nexus_dropped_meanwhile"];

describe("a role that is dropped while openings are looked for", () => {
  it("may nothing, and is no error", async (context) => {
    const url = await freshDatabase(context);
    await withPool({ url, max: 1, name: "nexus-test" }, async (db) => {
      await db.query(
        "create function public.told() returns integer language sql as 'select 1'; create table public.shown (id integer); grant select on public.shown to public",
      );
      const found = (await routines(db, roles)).filter(({ word }) => word === "told");
      expect(found).toMatchObject([{ callable: true }]);
      const objects = found.map(({ oid, name }): Opening => ({
        oid,
        name,
        kind: "function",
        shows: [],
        fires: [],
      }));
      const users = await usersOf(db, objects, roles);
      expect([...users.values()]).toEqual([["public"]]);
      expect(await unguardedTables(db, [], roles)).toMatchObject([{ readers: ["public"] }]);
    });
  });
});
