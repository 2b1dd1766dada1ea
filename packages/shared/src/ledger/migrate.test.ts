import { entities } from "@nexus/catalog";
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { openPool, type Pool } from "../database/pool.ts";
import { freshDatabase, needsVectors } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import { schemaFacts } from "../testing/schema-facts.ts";
import { migrateTarget } from "./migrate.ts";

let url: string;
let target: Pool;

beforeEach(async (context) => {
  url = await freshDatabase(context);
  target = open(url);
  return () => target.end();
});

describe("a fresh target", () => {
  it("gets the ledger, the enums and a table for each entity", async () => {
    const { applied } = await migrateTarget({ target, entities });
    expect(applied).toContain("applied 001-ledger.sql");
    expect(applied).toEqual(
      expect.arrayContaining(
        entities.map((entity) => `created table public.${entity.target.table}`),
      ),
    );
  });

  it("has an index that is led by each foreign key", async () => {
    await migrateTarget({ target, entities });
    const { rows } = await target.query(
      `select conrelid::regclass::text, conkey[1] from pg_constraint k
        where contype = 'f' and connamespace = 'public'::regnamespace
          and not exists (select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1])`,
    );
    expect(rows).toEqual([]);
  });

  it("is left as it is by a second migration", async () => {
    await migrateTarget({ target, entities });
    const before = await schemaFacts(target);
    expect((await migrateTarget({ target, entities })).applied).toEqual([]);
    expect(await schemaFacts(target)).toEqual(before);
  });

  it("is left as it is by a release that is older than it", async () => {
    await migrateTarget({ target, entities });
    await target.query(
      `insert into migration.schema_versions values ('099-added.sql');
       alter table public.patients drop column phone`,
    );
    const before = await schemaFacts(target);
    expect(await migrateTarget({ target, entities })).toEqual({
      applied: [],
      leftOut: ["everything: a newer release was here (099-added.sql)"],
    });
    expect(await schemaFacts(target)).toEqual(before);
  });

  it("is migrated once when two start at once", async () => {
    const other = open(url);
    const both = await Promise.all([
      migrateTarget({ target, entities }),
      migrateTarget({ target: other, entities }),
    ]);
    await other.end();
    expect(both.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  });

  it("has its triggers renewed when an entity is added that depends on an older one", async () => {
    await migrateTarget({
      target,
      entities: entities.filter(({ name }) => name !== "case_states"),
    });
    expect((await migrateTarget({ target, entities })).applied).toEqual(
      expect.arrayContaining([
        "replaced function migration.follow_case_practice",
        "replaced trigger parent_moved on public.cases",
      ]),
    );
    expect((await migrateTarget({ target, entities })).applied).toEqual([]);
  });

  it("keeps the policies of several entities that are shared without a practice", async (context) => {
    needsVectors(context);
    const shared = entities.map((one) =>
      one.content === "case" ? { ...one, sharedWithoutPractice: true } : one,
    );
    await migrateTarget({ target, entities });
    expect((await migrateTarget({ target, entities: shared })).applied).toEqual([
      "row level security of public.cases: replaced policy nexus_tenant",
      "row level security of public.ai_embeddings: replaced policy nexus_tenant",
    ]);
    expect((await migrateTarget({ target, entities: shared })).applied).toEqual([]);
  });

  it("moves a case's projects and states to the practice of the case", async () => {
    await migrateTarget({ target, entities });
    const [first, second, moved] = [randomUUID(), randomUUID(), randomUUID()];
    await target.query(
      `insert into public.practices (id, name) values ('${first}', 'a'), ('${second}', 'b');
       insert into public.cases (id, practice_id) values ('${moved}', '${first}');
       insert into public.projects (case_id, practice_id) values ('${moved}', '${first}');
       insert into public.case_states (case_id, practice_id) values ('${moved}', '${first}');
       update public.cases set practice_id = '${second}'`,
    );
    const { rows } = await target.query(
      "select practice_id from public.projects union all select practice_id from public.case_states",
    );
    expect(rows).toEqual([{ practice_id: second }, { practice_id: second }]);
  });
});

describe("the id namespace", () => {
  const idNamespace = "0b9a1f0e-5d0a-4c8e-9a57-6d0c7a4e2f11";

  it("is stored once and kept", async () => {
    await migrateTarget({ target, entities, idNamespace });
    await migrateTarget({ target, entities });
    const { rows } = await target.query(
      "select value from migration.settings where name = 'id_namespace'",
    );
    expect(rows).toEqual([{ value: idNamespace }]);
  });

  it("is refused when it differs from the stored one", async () => {
    await migrateTarget({ target, entities, idNamespace });
    const another = migrateTarget({ target, entities, idNamespace: randomUUID() });
    await expect(another).rejects.toThrow(/ID_NAMESPACE differs/);
  });
});

describe("a role that may not do everything", () => {
  it("is told which privileges it lacks", async (context) => {
    const login = await freshLogin(context, url);
    const guest = open(login.href);
    const refused = migrateTarget({ target: guest, entities });
    await expect(refused).rejects.toThrow(
      new RegExp(
        `run "grant create on database \\S+ to ${login.username}" and "grant usage, create on schema public`,
      ),
    );
    await guest.end();
  });

  it.for([
    ["was granted nothing", () => "select"],
    [
      "may read the ledger and write to public",
      (role: string) => `grant usage on schema migration to ${role};
        grant select on migration.schema_versions to ${role}; grant create on schema public to ${role}`,
    ],
  ] as const)("is told whose ledger it is when it %s", async ([, granting], context) => {
    await migrateTarget({ target, entities });
    const login = await freshLogin(context, url);
    await target.query(granting(login.username));
    const other = open(login.href);
    const failure = await migrateTarget({ target: other, entities }).catch((error) => error);
    await other.end();
    expect(failure).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        new RegExp(
          `^the role of TARGET_URL may not migrate, nothing was changed: .*belongs? to role \\w+.*: connect as`,
        ),
      ),
    });
  });

  it("is told what it lacks in a schema that somebody made for the ledger", async (context) => {
    const login = await freshLogin(context, url);
    await target.query(
      `create schema migration; grant create on schema public to ${login.username}`,
    );
    const other = open(login.href);
    const refused = migrateTarget({ target: other, entities });
    await expect(refused).rejects.toThrow(
      `run "grant usage, create on schema migration to ${login.username}"`,
    );
    await other.end();
  });

  it("leaves ai_embeddings out where it cannot create pgvector; a later migration adds it", async (context) => {
    needsVectors(context);
    const login = await freshLogin(context, url);
    await target.query(
      `create schema migration authorization ${login.username}; grant create on schema public to ${login.username}`,
    );
    const worker = open(login.href);
    const { leftOut } = await migrateTarget({ target: worker, entities });
    await worker.end();
    expect(leftOut).toEqual([
      expect.stringMatching(/^table public\.ai_embeddings: extension vector could not be created/),
      expect.stringMatching(
        /^search as a tenant: have a superuser run ".*grant \w+ to nexus_login/,
      ),
    ]);
    const later = await migrateTarget({ target, entities });
    expect(later.applied).toEqual(
      expect.arrayContaining(["created extension vector", "created table public.ai_embeddings"]),
    );
    expect(later.leftOut).toEqual([]);
  });
});

function open(connection: string): Pool {
  return openPool({ url: connection, max: 2, name: "test", onError: () => undefined });
}
