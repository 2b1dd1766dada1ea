import { entities, entityNamed } from "@nexus/catalog";
import { inTransaction, type Pool, readTargetTables } from "@nexus/shared/database";
import { freshTarget } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";

import { upsert } from "./upsert.ts";

const ID_NAMESPACE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const practices = entityNamed(entities, "practices");
const practice = {
  kind: "loaded",
  legacyId: 1,
  row: { legacy_id: 1, name: "Practice 1", is_active: true },
  notes: [],
} as const;

let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
});

/** Entities whose rows are looked at a second time, because the target may have made something else of them. */
async function overruling(): Promise<string[]> {
  const tables = await readTargetTables(target);
  return entities.filter((entity) => tables(entity).overrules).map(({ name }) => name);
}

/** What a batch of one practice costs, in statements. */
async function statementsOfABatch(): Promise<number> {
  const tables = await readTargetTables(target);
  return await inTransaction(target, async (tx) => {
    let count = 0;
    const counting = new Proxy(tx, {
      get: (client, name) => {
        if (name === "query") count++;
        const value: unknown = Reflect.get(client, name);
        return typeof value === "function" ? value.bind(client) : value;
      },
    });
    await upsert(counting, practices, { idNamespace: ID_NAMESPACE, tables }, [practice]);
    return count;
  });
}

describe("a target with our own triggers only", () => {
  it("overrules nothing, and each batch is one statement", async () => {
    const { rows } = await target.query("select from pg_trigger where not tgisinternal");
    expect(rows.length).toBeGreaterThan(0);
    expect(await overruling()).toEqual([]);
    expect(await statementsOfABatch()).toBe(1);
  });
});

describe("a trigger of somebody else", () => {
  it("has the rows of its table looked at again", async () => {
    await target.query(`
      create function public.touch() returns trigger language plpgsql as 'begin new.phone = 1; return new; end';
      create trigger touch before insert or update on public.practices for each row execute function public.touch()`);
    expect(await overruling()).toEqual(["practices"]);
    expect(await statementsOfABatch()).toBe(3);
  });

  it("makes another table of it once its function is replaced, so that a delta reads all of the entity", async () => {
    const touchedBy = async (phone: number) => {
      await target.query(
        `create or replace function public.touch() returns trigger language plpgsql as 'begin new.phone = ${phone}; return new; end'`,
      );
      return (await readTargetTables(target))(practices);
    };
    const none = (await readTargetTables(target))(practices);
    const one = await touchedBy(1);
    expect(one).toEqual(none);
    await target.query(
      "create trigger touch before insert or update on public.practices for each row execute function public.touch()",
    );
    const first = await touchedBy(1);
    const second = await touchedBy(2);
    expect(second).not.toEqual(first);
    expect(await touchedBy(1)).toEqual(first);
  });
});

describe("text where the catalog has an enum", () => {
  it("holds what it is sent, so that nothing is looked at again", async () => {
    await target.query("alter table public.workflow_templates alter column case_type type text");
    const tables = await readTargetTables(target);
    expect(tables(entityNamed(entities, "workflow_templates"))).toMatchObject({
      generated: [],
      texts: ["case_type"],
      overrules: false,
    });
  });
});
