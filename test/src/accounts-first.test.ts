/** A target whose profiles refer to auth.users, as Supabase's own examples have it: accounts come before profiles, and go after them. */
import { authEnvironment, type AuthServer, startAuth, type UserTable } from "@nexus/local/auth";
import { openClient } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import {
  accountsSettled,
  changes,
  heldAccounts,
  TEST_ACCOUNTS,
  wantedAccounts,
} from "./auth-accounts.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { contents, did, rolledBack } from "./rolled-back.ts";

const [stack = embedded] = mostReal(stacks([embedded]));

const KEY = `create schema auth; create table auth.users (id uuid primary key, email text);
  alter table public.profiles add foreign key (id) references auth.users on delete cascade`;

/** As Supabase's documentation has it: a profile for each who signs up. */
const SIGN_UP = `create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
    begin insert into public.profiles (id, email) values (new.id, new.email); return new; end $$;
  create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user()`;

function usersIn(target: () => Pool): UserTable {
  return {
    created: async ({ id, email }) =>
      void (await target().query("insert into auth.users (id, email) values ($1, $2)", [
        id,
        email,
      ])),
    deleted: async (id) =>
      void (await target().query("delete from auth.users where id = $1", [id])),
  };
}

describe.each([
  ["without triggers", KEY],
  ["with a trigger that makes profiles", `${KEY}; ${SIGN_UP}`],
] as const)("profiles that refer to auth.users, %s", (_, sql) => {
  let server: AuthServer;
  let journey: Journey;
  beforeAll(async () => {
    server = await startAuth({ database: usersIn(() => journey.target) });
    const { url } = server;
    journey = await openJourney(stack, {
      sample: { scale: 0.03 },
      env: { TEST_ACCOUNTS, UNDO: "on" },
      extractors: 0,
      loaders: 0,
    });
    await journey.target.query(sql);
    await journey.start("extractor");
    await journey.start("loader", authEnvironment(url));
  });
  afterAll(async () => {
    await journey?.close();
    await server?.close();
  });

  const run = async (): Promise<number> => {
    const runId = await journey.begin({ accounts: true });
    await journey.completed(runId);
    await accountsSettled(journey, runId);
    return runId;
  };

  it("are there for whoever has an account; who has none is rejected, as foreseen", async () => {
    const runId = await run();
    const held = heldAccounts(server);
    expect(held.length).toBeGreaterThan(15);
    expect(held).toEqual(await wantedAccounts(journey));
    const { rows } = await journey.target.query(
      `select (select count(*) from public.profiles) as profiles, e.status, e.error_code, x.reason, x.rows = e.rejected as only
       from migration.run_entities e cross join lateral (
         select reason, count(*) as rows from migration.exceptions where run_id = e.run_id and entity = e.entity group by 1) x
       where e.run_id = $1 and e.entity = 'profiles'`,
      [runId],
    );
    expect(rows).toEqual([
      {
        profiles: held.length,
        status: "complete",
        error_code: null,
        reason: "no_account",
        only: true,
      },
    ]);
  });

  it("are as they were after a run that finds nothing changed", async () => {
    const [before, calls] = [await contents(journey.target), changes(server)];
    await run();
    expect(changes(server)).toBe(calls);
    expect(await contents(journey.target)).toEqual(before);
  });

  it("are taken back before their accounts", async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    const held = heldAccounts(server).length;
    const { rows } = await journey.target.query<{ id: number }>(
      "select id from migration.runs order by id desc",
    );
    for (const { id } of rows) expect(await rolledBack(api, id)).toMatchObject({ status: "done" });
    const last = await api.call("GET /v1/rollbacks", { query: {} });
    const { id = 0 } = last.items[0] ?? {};
    const done = await api.call("GET /v1/rollbacks/:id", { params: { id: String(id) } });
    expect(did(done)["accounts"]).toEqual({ deleted: held, restored: 0, left: {} });
    expect(server.users()).toEqual([]);
    const left = await journey.target.query("select from public.profiles");
    expect(left.rowCount).toBe(0);
  });
});
