import { entities } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { freshDatabase } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import type { Shape } from "../sample/script.ts";
import { fingerprint, numberOf, openTrial, sampleTemplate } from "../sample/trial-database.ts";
import { type Account, matches, strangers } from "./account.ts";
import { makeHalfFilled } from "./make.ts";

const small = { scale: 0.05, seed: 7 } as const;

describe.each(["real", "reported"] as const)(
  "a half-filled target of the %s sample",
  (shape: Shape) => {
    const template = sampleTemplate(`half_filled_${shape}`, { shape, schema: "legacy", ...small });

    it("has the report's proportions, and accounts for each of its rows once", async (context) => {
      const db = await openTrial(context, template);
      const made = await makeHalfFilled({
        source: { client: db },
        target: { client: db },
        schema: "legacy",
        shape,
        seed: 3,
        orders: "half",
      });
      const { practices, profiles, cases, projects } = made;
      expect([practices.rows, profiles.rows]).toEqual([42, 275]);
      expect(cases.rows).toBe(Math.round(66_904 * 0.05 * 0.5));
      expect(projects.rows).toBe(cases.rows);
      for (const [table, account] of Object.entries(made)) await accountsFor(db, table, account);
      for (const kind of [
        "byKey",
        "byNature",
        "duplicates",
        "shared",
        "contradicted",
        "bare",
        "foreign",
      ] as const)
        expect(profiles[kind].length, kind).toBeGreaterThan(1);
      const keyed = "select count(*) from public.profiles where metadata ? 'legacy_user_id'";
      expect(await numberOf(db, keyed)).toBeCloseTo(275 / 2, -1);
      expect(profiles.duplicates.length).toBe(Math.round(275 * 0.03));
    });

    it("says of whom each row is, so that an adoption can be compared with it", async (context) => {
      const db = await openTrial(context, template);
      const where = {
        source: { client: db },
        target: { client: db },
        schema: "legacy",
        shape,
        seed: 3,
      };
      const { profiles } = await makeHalfFilled(where);
      const { rows } = await db.query<{ id: string; key: number | null; people: number[] }>(`
      select p.id, (p.metadata ->> 'legacy_user_id')::int as key,
             array(select u.id from legacy.auth_user u
                    where lower(btrim(u.email, E' \\t\\n\\v\\f\\r\\u00a0\\u3000\\ufeff')) = lower(btrim(p.email, E' \\t\\n\\v\\f\\r\\u00a0\\u3000\\ufeff'))
                      and u.email like '%@%') as people
        from public.profiles p`);
      const row = new Map(rows.map((one) => [one.id, one]));
      for (const { id, legacyKey } of profiles.byKey) expect(row.get(id)?.key).toBe(legacyKey);
      for (const { id, legacyKey } of profiles.byNature)
        expect(row.get(id)).toEqual({ id, key: null, people: [legacyKey] });
      for (const id of profiles.shared) expect(row.get(id)?.people.length).toBeGreaterThan(1);
      for (const id of profiles.contradicted) {
        expect(row.get(id)?.people).toHaveLength(1);
        expect(row.get(id)?.people).not.toContain(row.get(id)?.key);
      }
    });

    it("is extended by a migration, which touches none of its rows", async (context) => {
      const source = await openTrial(context, template);
      const url = await freshDatabase(context);
      const made = await makeHalfFilled({
        source: { client: source },
        target: { url },
        schema: "legacy",
        shape,
        seed: 3,
        orders: "half",
      });
      await withPool({ url, max: 1, name: "nexus-test" }, async (target) => {
        const { applied } = await migrateTarget({ target, entities });
        expect(applied).toContain("added column public.profiles.legacy_id");
        for (const [table, { rows }] of Object.entries(made)) {
          const key = table === "cases" ? "legacy_project_id" : "legacy_id";
          const found = await target.query<{ rows: number; keys: number }>(
            `select count(*) as rows, count(${key}) as keys from public.${table}`,
          );
          const keys = table === "cases" ? made.cases.byKey.length : 0;
          expect(found.rows, table).toEqual([{ rows, keys }]);
        }
      });
    });

    it("is the same for the same seed and another for another seed", async (context) => {
      const source = await openTrial(context, template);
      const made = async (seed: number) => {
        const target = await openTrial(context);
        const account = await makeHalfFilled({
          source: { client: source },
          target: { client: target },
          schema: "legacy",
          shape,
          seed,
        });
        return { ids: matches(account.profiles), profiles: (await stored(target))["profiles"] };
      };
      const first = await made(1);
      expect(await made(1)).toEqual(first);
      expect(await made(2)).not.toEqual(first);
    });
  },
);

it("is refused where the source is too small", async (context) => {
  const db = await openTrial(
    context,
    sampleTemplate("half_filled_tiny", { shape: "real", scale: 0.002, seed: 7, schema: "legacy" }),
  );
  const made = makeHalfFilled({
    source: { client: db },
    target: { client: db },
    schema: "legacy",
    shape: "real",
    seed: 1,
  });
  await expect(made).rejects.toThrow(/larger sample/);
});

type Trial = Awaited<ReturnType<typeof openTrial>>;

async function accountsFor(db: Trial, table: string, account: Account): Promise<void> {
  const { rows } = await db.query<{ id: string }>(`select id from public.${table} order by id`);
  const known = [...matches(account).map(({ id }) => id), ...strangers(account)].sort();
  expect(
    rows.map(({ id }) => id),
    table,
  ).toEqual(known);
  expect(rows.length, table).toBe(account.rows);
}

/** Without the clock: the default of updated_at is the time of the insert. */
async function stored(db: Trial): Promise<Record<string, unknown>> {
  await db.query(
    "update public.profiles set updated_at = created_at; update public.practices set created_at = 'epoch', updated_at = 'epoch'",
  );
  return await fingerprint(db, "public");
}
