import { entities } from "@nexus/catalog";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "../database/failures.ts";
import type { Queryable } from "../database/pool.ts";
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
const tables = [...entities.map(({ target }) => target.table), "ai_embeddings"];
const withShared = ["workflow_templates", "ai_embeddings"];

/** Who asks, and the practices whose rows they may see. */
const actors: readonly (Actor & { readonly who: string; readonly sees: string })[] = [
  { who: "an active member", role: "member", claims: person(uuid("member")), sees: "a" },
  { who: "an owner of two practices", role: "member", claims: person(uuid("owner")), sees: "ab" },
  { who: "an inactive member", role: "member", claims: person(uuid("inactive")), sees: "" },
  {
    who: "a patient with a practice of their own",
    role: "member",
    claims: person(uuid("patient")),
    sees: "",
  },
  { who: "an admin without membership", role: "member", claims: person(uuid("admin")), sees: "" },
  { who: "nobody known", role: "member", claims: person(uuid("stranger")), sees: "" },
  {
    who: "a practice's service",
    role: "member",
    claims: person(undefined, { practice_id: b, role: "admin" }),
    sees: "b",
  },
  {
    who: "a member who is also vouched for",
    role: "member",
    claims: person(uuid("member"), { practice_id: b, role: "doctor" }),
    sees: "ab",
  },
  ...[
    "patient",
    " Patient ",
    "\tpatient\n",
    "patients",
    "user",
    "Doctor",
    "doctor ",
    "authenticated",
    "",
    ["doctor"],
    null,
    undefined,
  ].map((role) => ({
    who: `a token of a practice with role ${JSON.stringify(role)}`,
    role: "member" as const,
    claims: person(uuid("patient"), { practice_id: a, role }),
    sees: "",
  })),
  {
    who: "one who says so in user_metadata",
    role: "member",
    claims: JSON.stringify({ practice_id: a, user_metadata: { practice_id: a, role: "admin" } }),
    sees: "",
  },
  {
    who: "a token of another issuer",
    role: "member",
    claims: person("auth0|1' or true --"),
    sees: "",
  },
  {
    who: "a practice that is no id",
    role: "member",
    claims: person(1, { practice_id: "%", role: "admin" }),
    sees: "",
  },
  { who: "empty claims", role: "member", claims: "", sees: "" },
  { who: "claims that are a list", role: "member", claims: "[]", sees: "" },
  { who: "a request without claims", role: "member", sees: "" },
];

describe.each<Platform>(["plain", "supabase"])("%s", (platform) => {
  let world: TenantWorld | undefined;
  beforeAll(async () => {
    world = await tenantWorld(platform);
    if (world) await populate(world.worker, world.hasVectors);
  });
  afterAll(() => world?.stop());
  let here: TenantWorld;
  let present: readonly string[];
  beforeEach((context) => {
    here = world ?? context.skip("this machine has no PostgreSQL");
    present = tables.filter((table) => table !== "ai_embeddings" || here.hasVectors);
  });

  it.each(actors)(
    "$who sees practices '$sees' and nothing else, in every table",
    async ({ sees, ...actor }) => {
      for (const table of present)
        expect([table, await here.as(actor, (db) => practicesIn(db, table))]).toEqual([
          table,
          `${sees}${sees !== "" && withShared.includes(table) ? "-" : ""}`,
        ]);
    },
  );

  it("lets anon see nothing, whatever its token says", async (context) => {
    if (platform === "plain") context.skip("plain PostgreSQL has no role anon");
    const claims = person(uuid("member"), { practice_id: b, role: "admin" });
    for (const table of present)
      expect(await here.as({ role: "anon", claims }, (db) => practicesIn(db, table))).toBe("");
  });

  it.each(["insert", "update", "delete", "truncate"])("lets no tenant %s", async (verb) => {
    const roles: Actor["role"][] = platform === "plain" ? ["member"] : ["member", "anon"];
    for (const table of present)
      for (const role of roles)
        expect([
          table,
          await refusal(here, { role, claims: person(uuid("owner")) }, write(verb, table)),
        ]).toEqual([table, "42501"]);
  });

  it("lets no tenant into schema migration, nor call its functions", async () => {
    const actor: Actor = { role: "member", claims: person(uuid("owner")) };
    for (const sql of [
      "select * from migration.batches",
      "select * from migration.settings",
      "select * from migration.accounts",
      "select * from migration.account_decisions",
      "select * from migration.my_practices()",
      "create table migration.mine ()",
    ])
      expect([sql, await refusal(here, actor, sql)]).toEqual([sql, "42501"]);
  });

  it("lets the worker see and write everything, and analyse", async () => {
    for (const table of present) {
      await here.worker.query(`analyze public.${table}`);
      const { rows } = await here.worker.query(
        `select count(*) = reltuples as analysed, count(*) > 2 as all from public.${table}, pg_class
          where oid = 'public.${table}'::regclass group by reltuples`,
      );
      expect([table, rows]).toEqual([table, [{ analysed: true, all: true }]]);
    }
    const moved = await here.worker.query(`update public.patients set phone = '1'`);
    expect(moved.rowCount).toBe(3);
  });
});

/** The practices whose rows are visible: their letters, and `-` for none. */
async function practicesIn(db: Queryable, table: string): Promise<string> {
  const key = table === "practices" ? "id" : "practice_id";
  const { rows } = await db.query<{ practice: string | null }>(
    `select distinct ${key} as practice from public.${table} order by 1`,
  );
  return rows
    .map(({ practice }) => ["a", "b", "c"].find((name) => uuid(name) === practice) ?? "-")
    .join("");
}

function write(verb: string, table: string): string {
  const key = table === "practices" ? "id" : "practice_id";
  if (verb === "insert") return `insert into public.${table} (${key}) values ('${a}')`;
  if (verb === "update") return `update public.${table} set ${key} = '${a}'`;
  return verb === "delete" ? `delete from public.${table}` : `truncate public.${table} cascade`;
}

async function refusal(world: TenantWorld, actor: Actor, sql: string): Promise<string | undefined> {
  return await world.as(actor, (db) => db.query(sql)).then(() => "done", errorCode);
}
