import { entities } from "@nexus/catalog";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Queryable } from "../database/pool.ts";
import { preflightTarget } from "../database/preflight-target.ts";
import { needsVectors } from "../testing/fresh.ts";
import { migrateTarget } from "./migrate.ts";
import {
  type Actor,
  person,
  type Platform,
  populate,
  type TenantWorld,
  tenantWorld,
  uuid,
} from "./tenant-world.fixture.ts";

const [a, b] = [uuid("a"), uuid("b")];

describe.each<Platform>(["plain", "supabase"])("%s", (platform) => {
  let world: TenantWorld | undefined;
  let here: TenantWorld;
  beforeAll(async () => {
    world = await tenantWorld(platform);
    if (world) await populate(world.worker, world.hasVectors);
  });
  afterAll(() => world?.stop());
  beforeEach((context) => {
    here = world ?? context.skip("this machine has no PostgreSQL");
  });

  it("moves a case's projects, states and all their vectors to its new practice", async () => {
    const move = `update public.cases set practice_id = $1 where id = '${uuid("ca")}'`;
    await here.worker.query(move, [b]);
    const owner = person(undefined, { practice_id: b, role: "admin" });
    const seen = await here.as({ role: "member", claims: owner }, (db) =>
      ofCase(db, here.hasVectors),
    );
    expect(seen).toEqual({
      cases: 1,
      projects: 1,
      case_states: 1,
      vectors: here.hasVectors ? 3 : 0,
    });
    const member = person(uuid("member"));
    expect(
      await here.as({ role: "member", claims: member }, (db) => ofCase(db, here.hasVectors)),
    ).toEqual({
      cases: 0,
      projects: 0,
      case_states: 0,
      vectors: 0,
    });
    await here.worker.query(move, [a]);
  });

  it("takes a shared template's vectors out of sight when a practice gets the template", async (context) => {
    needsVectors(context);
    const member: Actor = { role: "member", claims: person(uuid("member")) };
    const seen = `select from public.ai_embeddings where content_id = '${uuid("t-")}'`;
    const give = `update public.workflow_templates set practice_id = $1 where id = '${uuid("t-")}'`;
    await here.worker.query(give, [b]);
    expect((await here.as(member, (db) => db.query(seen))).rowCount).toBe(0);
    await here.worker.query(give, [null]);
    expect((await here.as(member, (db) => db.query(seen))).rowCount).toBe(1);
  });

  it.each(damages(platform === "plain" ? "nexus_tenant" : "authenticated"))(
    "is refused by preflight when $what, and mended by a migration",
    async ({ sql, message }) => {
      await here.worker.query(sql);
      await expect(preflightTarget(here.worker, entities)).rejects.toThrow(message);
      const { applied } = await migrateTarget({ target: here.worker, entities });
      expect(applied).toHaveLength(1);
      await expect(preflightTarget(here.worker, entities)).resolves.toBeUndefined();
    },
  );

  it.each([
    {
      policy: "friends on public.profiles using (true)",
      message: /policy "friends" of public\.profiles shows rows/,
    },
    {
      policy: "narrow on public.cases as restrictive using (false)",
      message: /policy "narrow" of public\.cases hides rows from the migration/,
    },
  ])("is not opened by policies of others: $policy", async ({ policy, message }) => {
    await here.worker.query(`create policy ${policy}`);
    await expect(migrateTarget({ target: here.worker, entities })).rejects.toThrow(message);
    await expect(preflightTarget(here.worker, entities)).rejects.toThrow(message);
    await here.worker.query(`drop policy ${policy.split(" ").slice(0, 3).join(" ")}`);
  });
});

function damages(member: string) {
  return [
    {
      what: "row level security is off",
      sql: "alter table public.cases disable row level security",
      message: /row level security of public\.cases: switched on/,
    },
    {
      what: "it is not forced",
      sql: "alter table public.profiles no force row level security",
      message: /public\.profiles: switched on/,
    },
    {
      what: "a policy is gone",
      sql: "drop policy nexus_worker on public.projects",
      message: /created policy nexus_worker/,
    },
    {
      what: "a policy was widened",
      sql: "alter policy nexus_tenant on public.patients using (true)",
      message: /replaced policy nexus_tenant/,
    },
    {
      what: "tenants may write a column",
      sql: `grant update (name) on public.practices to ${member}`,
      message: /left tenants nothing but reading/,
    },
    {
      what: "everybody may read",
      sql: "grant select on public.case_states to public",
      message: /left tenants nothing but reading/,
    },
    {
      what: "my_practices was replaced",
      sql: "create or replace function migration.my_practices() returns setof uuid language sql as 'select id from public.practices'",
      message: /replaced function migration\.my_practices/,
    },
  ];
}

async function ofCase(db: Queryable, hasVectors: boolean): Promise<object> {
  const counted = (from: string): string => `(select count(*) from public.${from})`;
  const { rows } = await db.query<object>(
    `select ${counted(`cases where id = '${uuid("ca")}'`)} as cases,
            ${counted(`projects where case_id = '${uuid("ca")}'`)} as projects,
            ${counted(`case_states where case_id = '${uuid("ca")}'`)} as case_states,
            ${hasVectors ? counted(`ai_embeddings where content_id in ('${uuid("ca")}', md5('project${uuid("ca")}')::uuid, md5('state${uuid("ca")}')::uuid)`) : 0} as vectors`,
  );
  return rows[0] ?? {};
}
