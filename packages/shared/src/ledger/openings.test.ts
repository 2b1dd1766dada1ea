/** Objects of others over our tables: those that show tenants rows of all practices are refused, and no others. */
import { entities } from "@nexus/catalog";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "../database/failures.ts";
import type { Queryable } from "../database/pool.ts";
import { preflightTarget, privacyNotes } from "../database/preflight-target.ts";
import { migrateTarget } from "./migrate.ts";
import type { Attack } from "./attack.fixture.ts";
import { attacks } from "./openings.fixture.ts";
import {
  person,
  type Platform,
  populate,
  type TenantWorld,
  tenantWorld,
  uuid,
} from "./tenant-world.fixture.ts";

/** A member of nothing: whoever sees a patient as this one sees those of all practices. */
const stranger = { role: "member", claims: person(uuid("stranger")) } as const;

describe.each<Platform>(["plain", "supabase"])("%s", (platform) => {
  let world: TenantWorld | undefined;
  let here: TenantWorld;
  const tenant = platform === "plain" ? "nexus_tenant" : "authenticated";
  beforeAll(async () => {
    world = await tenantWorld(platform);
    if (world) await populate(world.worker, world.hasVectors);
  });
  afterAll(() => world?.stop());
  beforeEach((context) => {
    here = world ?? context.skip("this machine has no PostgreSQL");
  });

  const run = async ({ by }: Pick<Attack, "by">, sql: string): Promise<void> =>
    void (await here[by ?? "worker"].query(sql.replaceAll("$tenant", tenant)));
  const notes = async (): Promise<string[]> =>
    (await privacyNotes(here.worker, entities)).filter((note) => note.includes("all practices"));
  const unguarded = async (): Promise<string[]> =>
    (await privacyNotes(here.worker, entities)).filter((note) => note.includes("not ours"));
  const refusal = async (): Promise<string> =>
    await preflightTarget(here.worker, entities).then(() => "", String);

  it.each(attacks)("$what", async (attack) => {
    await run(attack, attack.make);
    try {
      const shown = await here.as(stranger, (db) => rowsShown(db, attack.ask)).catch(none);
      expect(shown > 0, "it shows rows").toBe(attack.says !== undefined);
      expect(await refusal()).toMatch(attack.says ?? /^$/);
    } finally {
      await run({ by: "superuser" }, attack.undo);
    }
    expect(await refusal()).toBe("");
  });

  it("what somebody has looked at is noted instead, until it changes", async () => {
    const body = (limit: number) =>
      `create or replace function public.sampled() returns setof public.patients language sql security definer as 'select * from public.patients limit ${limit}'`;
    await here.worker.query(body(0));
    const [review] = /insert into migration\.settings .*? excluded\.value/.exec(
      await refusal(),
    ) ?? [""];
    await here.worker.query(review);
    expect(await refusal()).toBe("");
    expect(await notes()).toEqual([
      expect.stringMatching(/^function public\.sampled\(\) shows public\.patients .*\(reviewed\)$/),
    ]);
    await here.worker.query(body(1));
    expect(await refusal()).toMatch(/function public\.sampled\(\) shows/);
    await here.worker.query(
      "drop function public.sampled(); delete from migration.settings where name like 'reviewed%'",
    );
  });

  it("a table of others that tenants may read whole is noted, and a copy that was looked at, until it changes", async () => {
    await run(
      {},
      "create table public.colours (name text); create table public.contacts (first_name text, phone text); grant select on public.colours, public.contacts to $tenant",
    );
    expect(await refusal()).toBe("");
    expect(await unguarded()).toEqual([
      expect.stringMatching(
        /^tables that are not ours show all their rows to .*: public\.colours, public\.contacts: where they hold rows of practices, run "alter table public\.colours enable row level security" \(and add policies\) or "revoke all on public\.colours from /,
      ),
    ]);
    await here.worker.query("alter table public.contacts add column last_name text");
    const [review] = /insert into migration\.settings .*? excluded\.value/.exec(
      await refusal(),
    ) ?? [""];
    await here.worker.query(review);
    expect(await refusal()).toBe("");
    expect(await notes()).toEqual([
      expect.stringMatching(/^likely copy public\.contacts shows .* \(reviewed\)$/),
    ]);
    await here.worker.query("alter table public.contacts add column date_of_birth date");
    expect(await refusal()).toMatch(/likely copy public\.contacts shows public\.patients/);
    await here.worker.query(
      "drop table public.colours, public.contacts; delete from migration.settings where name like 'reviewed%'",
    );
    expect(await unguarded()).toEqual([]);
  });

  it("what is open to others than tenants is noted", async () => {
    await here.superuser.query(
      `create role reporting; grant usage on schema public to reporting; create view public.numbers as select * from public.cases;
       grant select on public.numbers to reporting`,
    );
    expect(await refusal()).toBe("");
    expect(await notes()).toEqual([
      "view public.numbers shows public.cases of all practices to reporting",
    ]);
    await here.superuser.query(
      "drop view public.numbers; drop owned by reporting; drop role reporting",
    );
  });

  it("a migration of such a target says what is to be closed", async () => {
    await here.worker.query(
      "create view public.numbers as select * from public.cases; grant select on public.numbers to public",
    );
    const { toMend } = await migrateTarget({ target: here.worker, entities });
    expect(toMend).toEqual([
      expect.stringMatching(
        /^view public\.numbers shows public\.cases of all practices to everybody.*: run "alter view/,
      ),
    ]);
    await here.worker.query("drop view public.numbers");
    const closed = await migrateTarget({ target: here.worker, entities });
    expect([closed.applied, closed.toMend]).toEqual([[], undefined]);
  });
});

async function rowsShown(db: Queryable, ask: string): Promise<number> {
  const answers = [await db.query<{ rows?: number }>(ask)].flat();
  return answers.at(-1)?.rows.reduce((sum, { rows = 0 }) => sum + rows, 0) ?? 0;
}

/** Of what PostgreSQL refuses nothing is seen. */
function none(error: unknown): number {
  expect(errorCode(error)).toBe("42501");
  return 0;
}
