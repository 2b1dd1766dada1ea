/** For tests of isolation: a server with its roles, a migrated target, and a row of each kind in each table. */
import { entities } from "@nexus/catalog";
import { openPool, type Pool, type Queryable } from "../database/pool.ts";
import { tenantRoles } from "../database/tenant-roles.ts";
import { inTransaction } from "../database/transaction.ts";
import { type PrivatePostgres, startPostgres } from "../testing/postgres.ts";
import { migrateTarget } from "./migrate.ts";

/** `plain`: PostgreSQL as it is. `supabase`: with its roles, and its grants of everything to everybody. */
export type Platform = "plain" | "supabase";

const PLATFORM: Readonly<Record<Platform, string>> = {
  plain: "create role worker login createrole",
  supabase: `
    create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
    create role worker login createrole; grant anon, authenticated, service_role to worker;
    grant usage on schema public to anon, authenticated, service_role;
    alter default privileges for role worker in schema public grant all on tables to anon, authenticated, service_role;
    alter default privileges for role worker in schema public grant all on routines to anon, authenticated, service_role`,
};

/** Who asks, as PostgREST would put it: a role and the claims of a token. */
export interface Actor {
  /** `login`: anybody who may connect, and was given nothing. */
  readonly role: "member" | "anon" | "service_role" | "worker" | "login";
  readonly claims?: string;
}

export interface TenantWorld {
  readonly url: string;
  /** The role of TARGET_URL: owns the tables, no superuser. */
  readonly worker: Pool;
  readonly superuser: Pool;
  readonly hasVectors: boolean;
  /** What was to be preloaded is installed. */
  readonly preloaded: boolean;
  /** All that the server logged so far. */
  log(): string;
  as<T>(actor: Actor, work: (db: Queryable) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/**
 * A server of its own, since roles belong to servers. Undefined where there is no PostgreSQL.
 *
 * @param preload an extension's library that the server loads at its start, where it is installed
 */
export async function tenantWorld(
  platform: Platform,
  preload?: string,
): Promise<TenantWorld | undefined> {
  const server = await startPostgres();
  if (!server.found) return undefined;
  const preloaded = preload !== undefined && (await preloadIn(server, preload));
  const superuserUrl = await server.database("target");
  const url = Object.assign(new URL(superuserUrl), { username: "worker" }).href;
  const superuser = open(superuserUrl);
  const worker = open(url);
  await superuser.query(
    `${PLATFORM[platform]}; create role passer_by login; grant passer_by to worker; grant create on schema public to worker; grant create on database ${new URL(url).pathname.slice(1)} to worker`,
  );
  const { rowCount } = await superuser.query(
    "select from pg_available_extensions where name = 'vector' and default_version >= '0.8'",
  );
  if (rowCount === 1) await superuser.query("create extension vector");
  await migrateTarget({ target: worker, entities });
  const { member } = await tenantRoles(worker);
  const names: Readonly<Record<Actor["role"], string>> = {
    member: member ?? "none",
    anon: "anon",
    service_role: "service_role",
    worker: "worker",
    login: "passer_by",
  };
  return {
    url,
    worker,
    superuser,
    hasVectors: rowCount === 1,
    preloaded,
    log: () => server.log(),
    as: ({ role, claims }, work) =>
      inTransaction(worker, async (tx) => {
        await tx.query(`set local role ${names[role]}`);
        if (claims !== undefined)
          await tx.query("select set_config('request.jwt.claims', $1, true)", [claims]);
        return await work(tx);
      }),
    stop: async () => {
      await Promise.all([worker.end(), superuser.end()]);
      await server.stop();
    },
  };
}

async function preloadIn(server: PrivatePostgres, library: string): Promise<boolean> {
  const maintenance = open(server.url);
  const { rowCount } = await maintenance.query(
    "select from pg_available_extensions where name = $1",
    [library],
  );
  if (rowCount === 1)
    await maintenance.query(`alter system set shared_preload_libraries = '${library}'`);
  await maintenance.end();
  if (rowCount === 1) await server.restart();
  return rowCount === 1;
}

function open(url: string): Pool {
  return openPool({ url, max: 2, name: "test", onError: () => undefined });
}

/** The claims of a person's token. */
export function person(sub: unknown, app_metadata?: object): string {
  return JSON.stringify({ sub, role: "authenticated", ...(app_metadata && { app_metadata }) });
}

/** Readable ids: `uuid("a")` is the same in every test. */
export function uuid(name: string): string {
  const hex = Buffer.from(name).toString("hex").padEnd(32, "0").slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const vector = `('[1' || repeat(',0', 1023) || ']')::public.vector`;

/** In each table a row of practice a, of practice b, and (where that may be) of none. */
export async function populate(db: Queryable, hasVectors: boolean): Promise<void> {
  const [a, b] = [uuid("a"), uuid("b")];
  await db.query(`
    insert into public.practices (id, name) values ('${a}', 'a'), ('${b}', 'b'), ('${uuid("c")}', 'c');
    insert into public.profiles (id, practice_id, role) values
      ('${uuid("member")}', null, 'doctor'), ('${uuid("inactive")}', '${a}', 'doctor'), ('${uuid("owner")}', '${b}', 'doctor'),
      ('${uuid("patient")}', '${a}', 'patient'), ('${uuid("admin")}', '${a}', 'admin');
    insert into public.practice_members (practice_id, profile_id, role, is_active) values
      ('${a}', '${uuid("member")}', 'doctor', true), ('${a}', '${uuid("inactive")}', 'doctor', false),
      ('${b}', '${uuid("inactive")}', 'doctor', null),
      ('${a}', '${uuid("owner")}', 'owner', true), ('${b}', '${uuid("owner")}', 'owner', true);
    insert into public.patients (id, practice_id, profile_id) values
      ('${uuid("pa")}', '${a}', '${uuid("patient")}'), ('${uuid("pb")}', '${b}', null), ('${uuid("p-")}', null, null);
    insert into public.cases (id, practice_id) values ('${uuid("ca")}', '${a}'), ('${uuid("cb")}', '${b}'), ('${uuid("c-")}', null);
    insert into public.projects (id, case_id, practice_id) select md5('project' || id)::uuid, id, practice_id from public.cases;
    insert into public.case_states (id, case_id, practice_id) select md5('state' || id)::uuid, id, practice_id from public.cases;
    insert into public.workflow_templates (id, practice_id) values ('${uuid("ta")}', '${a}'), ('${uuid("tb")}', '${b}'), ('${uuid("t-")}', null)`);
  if (!hasVectors) return;
  await db.query(`
    insert into public.ai_embeddings (practice_id, content_type, content_id, embedding, sha256_hash, model)
    select practice_id, type, id, ${vector}, 'hash', 'model' from (
      select practice_id, 'case' as type, id from public.cases union all select practice_id, 'project', id from public.projects
      union all select practice_id, 'case_state', id from public.case_states
      union all select practice_id, 'workflow_template', id from public.workflow_templates) content`);
}
