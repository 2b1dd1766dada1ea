/** Who may do what: roles × tables, views and functions × verbs, each cell as it is expected, on PostgreSQL and with Supabase's roles. */
import { entities } from "@nexus/catalog";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "../database/failures.ts";
import type { Queryable } from "../database/pool.ts";
import { preflightTarget } from "../database/preflight-target.ts";
import {
  type Actor,
  person,
  type Platform,
  populate,
  type TenantWorld,
  tenantWorld,
  uuid,
} from "./tenant-world.fixture.ts";

interface Row {
  readonly who: string;
  readonly actor: Actor;
  /** The practices whose rows are shown: `a`, `b`, `-` for rows of none, `*` for all that there are; `refused`. */
  readonly sees: string;
  /** Insert, update, delete and truncate. */
  readonly writes: "refused" | "allowed";
  /** Of schema migration. */
  readonly ledger: "refused" | "allowed";
}

const none = { writes: "refused", ledger: "refused" } as const;
const staff = (role: string, practice: string): string =>
  person(undefined, { practice_id: uuid(practice), role });

const both: readonly Row[] = [
  ...["owner", "admin", "doctor", "technician", "nexus-api"].map((role) => ({
    who: `${role} of a`,
    actor: { role: "member" as const, claims: staff(role, "a") },
    sees: "a",
    ...none,
  })),
  {
    who: "doctor of b",
    actor: { role: "member", claims: staff("doctor", "b") },
    sees: "b",
    ...none,
  },
  {
    who: "member of a",
    actor: { role: "member", claims: person(uuid("member")) },
    sees: "a",
    ...none,
  },
  {
    who: "patient of a",
    actor: { role: "member", claims: staff("patient", "a") },
    sees: "",
    ...none,
  },
  { who: "patient", actor: { role: "member", claims: person(uuid("patient")) }, sees: "", ...none },
  { who: "without claims", actor: { role: "member" }, sees: "", ...none },
  { who: "worker", actor: { role: "worker" }, sees: "*", writes: "allowed", ledger: "allowed" },
  { who: "any login", actor: { role: "login" }, sees: "refused", ...none },
];

const rows: Readonly<Record<Platform, readonly Row[]>> = {
  plain: both,
  supabase: [
    ...both,
    { who: "anon", actor: { role: "anon", claims: staff("owner", "a") }, sees: "", ...none },
    {
      who: "service_role",
      actor: { role: "service_role" },
      sees: "*",
      writes: "allowed",
      ledger: "refused",
    },
  ],
};

const shared = ["workflow_templates", "ai_embeddings"];

/** As an application puts them over our tables: they ask as whoever asks them. */
const overTables = `
  create view public.case_list with (security_invoker = true) as select * from public.cases;
  create function public.case_practices() returns setof uuid language sql stable as 'select practice_id from public.cases'`;

describe.each<Platform>(["plain", "supabase"])("%s", (platform) => {
  let world: TenantWorld | undefined;
  let here: TenantWorld;
  let tables: readonly string[];
  beforeAll(async () => {
    world = await tenantWorld(platform);
    if (world === undefined) return;
    await populate(world.worker, world.hasVectors);
    const tenants = platform === "plain" ? "nexus_tenant" : "authenticated, anon";
    await world.worker.query(`${overTables}; grant all on public.case_list to ${tenants}`);
    tables = [
      ...entities.map(({ target }) => target.table),
      ...(world.hasVectors ? ["ai_embeddings"] : []),
    ];
  });
  afterAll(() => world?.stop());
  beforeEach((context) => {
    here = world ?? context.skip("this machine has no PostgreSQL");
  });

  it("is as preflight wants it", async () => {
    await expect(preflightTarget(here.worker, entities)).resolves.toBeUndefined();
  });

  it.each(rows[platform])("$who", async ({ actor, sees, writes, ledger }) => {
    const cells = await here.as(actor, async (db) => {
      const found: [string, string][] = [];
      for (const table of tables) {
        const key = table === "practices" ? "id" : "practice_id";
        found.push([
          `select ${table}`,
          await outcome(db, `select ${key} as practice from public.${table}`),
        ]);
        for (const [verb, sql] of writing(table, key))
          found.push([`${verb} ${table}`, await outcome(db, sql)]);
      }
      for (const [what, sql] of others) found.push([what, await outcome(db, sql)]);
      return found;
    });
    const everywhere = (table: string): string => (sees === "*" ? all(table) : sees);
    const withNone = (table: string): string =>
      /^[ab]+$/.test(sees) && shared.includes(table) ? `${sees}-` : everywhere(table);
    expect(cells).toEqual([
      ...tables.flatMap((table) => [
        [`select ${table}`, withNone(table)],
        ...["insert", "update", "delete"].map((verb) => [`${verb} ${table}`, writes]),
        [`truncate ${table}`, table === "practices" && here.hasVectors ? ledger : writes], // It takes vectors of texts along, which are the ledger's.
      ]),
      ["select a view", everywhere("cases")],
      ["insert through a view", writes],
      ["delete through a view", writes],
      ["execute a function", everywhere("cases")],
      ["select the ledger", ledger],
      ["update the ledger", ledger],
      ["select vectors of texts", ledger],
      ["execute my_practices", ledger],
      ["execute a trigger function", ledger],
    ]);
  });
});

const others: readonly (readonly [string, string])[] = [
  ["select a view", "select practice_id as practice from public.case_list"],
  ["insert through a view", `insert into public.case_list (practice_id) values ('${uuid("a")}')`],
  ["delete through a view", "delete from public.case_list"],
  ["execute a function", "select case_practices as practice from public.case_practices()"],
  ["select the ledger", "select from migration.exceptions"],
  ["update the ledger", "update migration.settings set value = value"],
  ["select vectors of texts", "select from migration.embedding_texts"],
  ["execute my_practices", "select from migration.my_practices()"],
  ["execute a trigger function", "select migration.follow_case_practice()"],
];

function writing(table: string, key: string): readonly (readonly [string, string])[] {
  return [
    ["insert", `insert into public.${table} (${key}) values ('${uuid("a")}')`],
    ["update", `update public.${table} set ${key} = ${key}`],
    ["delete", `delete from public.${table}`],
    ["truncate", `truncate public.${table} cascade`],
  ];
}

/** What the rows of a populated world are of. */
function all(table: string): string {
  if (table === "practices") return "abc";
  return table === "practice_members" ? "ab" : "ab-";
}

/** Undone at once. Anything but missing privileges comes after them: then it was allowed. */
async function outcome(db: Queryable, sql: string): Promise<string> {
  await db.query("savepoint cell");
  try {
    const { rows: found } = await db.query<{ practice?: string | null }>(sql);
    if (!sql.includes("as practice")) return "allowed";
    const practices = new Set(found.map(({ practice }) => practice));
    const letters = ["a", "b", "c"].filter((name) => practices.has(uuid(name)));
    return `${letters.join("")}${practices.has(null) ? "-" : ""}`;
  } catch (error) {
    return errorCode(error) === "42501" ? "refused" : "allowed";
  } finally {
    await db.query("rollback to savepoint cell");
  }
}
