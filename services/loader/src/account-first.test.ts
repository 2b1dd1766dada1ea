import { idOf } from "@nexus/catalog";
import { idNamespace } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import { type LoaderUnderTest, loaderUnderTest } from "./loader.fixture.ts";

let under: LoaderUnderTest;

/** A target whose profiles refer to auth.users, and a source with four users. */
beforeEach(async (context) => {
  const self = { mapping: "as it is", encoding: { unreadable: "reject" } } as const;
  under = await loaderUnderTest(context, { self });
  await under.legacy.query(
    `alter table auth_user add username text default '', add email text default '', add first_name text default '', add last_name text default '',
       add is_active boolean default true, add is_staff boolean default false, add is_superuser boolean default false,
       add last_login timestamptz, add date_joined timestamptz default '2020-01-01';
     insert into auth_user (id) select generate_series(1, 4)`,
  );
  await under.target.query(
    `create schema auth; create table auth.users (id uuid primary key);
     alter table public.profiles add foreign key (id) references auth.users`,
  );
});

/** Loads profiles in a run that makes accounts and keeps fingerprints. Returns who was rejected, and of whom a fingerprint is kept. */
async function load(): Promise<{ rejected: readonly string[]; known: readonly number[] }> {
  const offer = await under.begin("profiles");
  await under.target.query(
    "update migration.runs set accounts = true, fingerprints = true where status = 'running'",
  );
  const { status, exceptions } = await offer();
  expect(status).toBe("done");
  const { rows } = await under.target.query<{ key: number }>(
    "select unnest(keys) as key from migration.fingerprints order by 1",
  );
  return { rejected: exceptions, known: rows.map(({ key }) => key) };
}

/** An account of the user, in a state, as a run has made it. */
async function account(id: number, state: string): Promise<void> {
  const profileId = idOf((await idNamespace(under.target)) ?? "", "profiles", id);
  await under.target.query("insert into auth.users values ($1)", [profileId]);
  await under.target.query(
    `insert into migration.runs (status, embeddings, accounts) select 'completed', false, true
     where not exists (select from migration.runs)`,
  );
  await under.target.query(
    `insert into migration.accounts (legacy_id, profile_id, run_id, made_by, state, code)
     values ($1, $2, 1, 1, $3, case when $3 = 'refused' then 'profile_changed' end)`,
    [id, profileId, state],
  );
}

describe("where profiles need accounts", () => {
  it("an account that a rollback takes back is none", async () => {
    await account(1, "done");
    await account(2, "removing");
    await account(3, "due");
    await account(4, "refused");
    expect(await load()).toMatchObject({ rejected: ["2 no_account id"] });
  });

  it("who has none is read again by a delta, although he is as he was: he may have one by then", async () => {
    await account(1, "done");
    await account(2, "done");
    expect(await load()).toEqual({
      rejected: ["3 no_account id", "4 no_account id"],
      known: [1, 2],
    });
  });
});
