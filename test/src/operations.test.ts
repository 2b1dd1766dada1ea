/** The last steps of docs/operations.md, done: freeze the source, the last delta, its checks; ledger, queue and role go, the data stays. */
import { entities } from "@nexus/catalog";
import { errorCode, inTransaction, openPool, type Pool, withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drained, indexState } from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";
import { at, block, preparedServers, type PreparedServers, runBlock } from "./operations.ts";
import { snapshot } from "./snapshot.ts";

const TABLES = [...entities.map(({ target }) => target.table), "ai_embeddings"];
const WITHOUT = "no servers with pgvector here";

let servers: PreparedServers | undefined;
let journey: Journey;
let superuser: Pool;

beforeAll(async () => {
  const prepared = await preparedServers();
  if (prepared === undefined) return;
  servers = prepared;
  const stack = { name: "prepared", start: () => Promise.resolve(prepared) };
  journey = await openJourney(stack, {
    embedders: 1,
    prepare: async () => ({ LEGACY_URL: await prepared.openLegacy() }),
  });
  const url = at(prepared.targetUrl, { role: "postgres" });
  superuser = openPool({ url, max: 2, name: "test", onError: () => undefined });
  await journey.completed(await journey.begin({ embeddings: true }));
  await drained(journey.target);
  await eventually(() => indexState(journey.target), {
    until: (state) => state === "ready",
    within: 30_000,
  });
});

afterAll(async () => {
  await superuser?.end();
  await journey?.close();
});

describe("the last steps of a migration", () => {
  let here: PreparedServers;
  beforeEach((context) => {
    here = servers ?? context.skip(WITHOUT);
  });

  it("freeze the source, load the last delta, and count what the source has no more", async () => {
    await journey.legacy.query(
      "delete from dispatch_template_predecessors; delete from dispatch_template where id = (select max(id) from dispatch_template)",
    );
    await journey.legacy.query(block("Cut over", "sql", 0));
    const write = withPool({ url: here.legacyUrl, max: 1, name: "test" }, (owner) =>
      owner.query("delete from dispatch_template"),
    );
    expect(await write.then(() => "written", errorCode)).toBe("25006");
    await journey.completed(await journey.begin({ embeddings: true }));
    const [failed = "", gone = ""] = block("Cut over", "sql", 1).split(/(?<=;\n)/);
    expect((await journey.target.query(failed)).rows).toEqual([]);
    expect((await journey.target.query(gone)).rows).toEqual([
      { entity: "workflow_templates", rows: 1 },
    ]);
    await drained(journey.target);
  });

  it("take ledger and queue away; every row and who sees it stay", async () => {
    const before = await kept();
    expect(new Set(Object.values(before.seen).map((counts) => counts.join())).size).toBe(3);
    await Promise.all(journey.services.map((service) => service.kill("SIGTERM")));
    const env = { TARGET_URL: here.targetUrl, QUEUE_URL: here.queueUrl };
    await runBlock(`redis-cli -u "$QUEUE_URL" set theirs kept`, env);
    expect(await here.redis.dump(here.queueUrl)).toContain("nexus:");
    await runBlock(block("Uninstall", "sh", 0), env);
    const queue = await here.redis.dump(here.queueUrl);
    expect(queue).toContain("theirs");
    expect(queue).not.toContain("nexus:");
    expect(await schemas()).toEqual(["public", "tenancy"]);
    expect(await kept()).toEqual(before);
  });

  it("leave the triggers: projects, states and vectors follow their case, vectors go with their row", async () => {
    const moved = await superuser.query(
      `update public.cases c set practice_id = (select id from public.practices p where p.id <> c.practice_id order by id limit 1)
        where id = (select case_id from public.projects order by case_id limit 1)`,
    );
    expect(moved.rowCount).toBe(1);
    const apart = await superuser.query(
      `select from public.cases c join public.projects p on p.case_id = c.id
         left join public.ai_embeddings v on v.content_id in (c.id, p.id)
        where p.practice_id is distinct from c.practice_id or v.practice_id is distinct from c.practice_id`,
    );
    expect(apart.rowCount).toBe(0);
    const vectors = "select from public.ai_embeddings where content_type = 'workflow_template'";
    expect((await superuser.query(vectors)).rowCount).toBeGreaterThan(0);
    await superuser.query("delete from public.workflow_templates");
    expect((await superuser.query(vectors)).rowCount).toBe(0);
  });

  it("give the tables to another role, and drop the migration's", async () => {
    const before = await kept();
    await superuser.query("create role app_owner");
    await runBlock(block("Uninstall", "sh", 1), {
      SUPERUSER_URL: at(here.targetUrl, { role: "postgres" }),
    });
    expect((await superuser.query("select from pg_roles where rolname = 'nexus'")).rowCount).toBe(
      0,
    );
    expect(await kept()).toEqual(before);
    expect(await sees("app_owner", {})).toEqual(await sees("postgres", {}));
  });

  it("do not stand in the way of a new beginning", async () => {
    const before = await kept();
    const { leftOut } = await migrateTarget({ target: superuser, entities });
    expect(leftOut).toEqual([]);
    expect(await kept()).toEqual(before);
  });
});

/** What shall stay: every row as it was last written, who sees how many, every index. */
async function kept() {
  const { rows: indexes } = await superuser.query<{ indexdef: string }>(
    "select indexdef from pg_indexes where schemaname = 'public' order by 1",
  );
  expect(indexes.filter(({ indexdef }) => indexdef.includes("hnsw"))).not.toEqual([]);
  return { rows: await snapshot(superuser), seen: await everybodySees(), indexes };
}

/** Rows of each table that a member, a practice's service and a stranger see. */
async function everybodySees(): Promise<Record<string, number[]>> {
  const { rows } = await superuser.query<{ sub: string; practice_id: string }>(
    "select profile_id as sub, practice_id from public.practice_members where is_active order by id limit 1",
  );
  const { sub, practice_id } = rows[0] ?? expect.fail("nobody is a member");
  const other = await superuser.query<{ practice_id: string }>(
    "select practice_id from public.patients where practice_id <> $1 group by 1 order by count(*) desc, 1 limit 1",
    [practice_id],
  );
  return {
    member: await sees("nexus_tenant", { sub }),
    service: await sees("nexus_tenant", { app_metadata: { ...other.rows[0], role: "admin" } }),
    stranger: await sees("nexus_tenant", { sub: practice_id }),
  };
}

async function sees(role: string, claims: object): Promise<number[]> {
  return await inTransaction(superuser, async (tx) => {
    await tx.query(
      "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)",
      [role, JSON.stringify(claims)],
    );
    const counts: number[] = [];
    for (const table of TABLES) {
      const { rows } = await tx.query<{ count: number }>(`select count(*) from public.${table}`);
      counts.push(rows[0]?.count ?? 0);
    }
    return counts;
  });
}

async function schemas(): Promise<string[]> {
  const { rows } = await superuser.query<{ name: string }>(
    "select nspname::text as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1",
  );
  return rows.map(({ name }) => name);
}
