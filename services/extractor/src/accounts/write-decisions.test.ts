import { accountProgress, runToDecide, undecidedAccounts } from "@nexus/shared/ledger";
import { eventually, lockWaits } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type DecisionsUnderTest, decisionsUnderTest, uuid } from "./decisions.fixture.ts";

let under: DecisionsUnderTest;

beforeEach(async (context) => {
  under = await decisionsUnderTest(context);
});

const sql = (text: string): Promise<unknown> => under.target.query(text);

/** Each profile refers to a user of auth.users; users 1 to 6 are there. */
async function usersFirst(): Promise<void> {
  await sql(`create schema auth; create table auth.users (id uuid primary key);
    insert into auth.users select ('00000000-0000-5000-8000-' || lpad(n::text, 12, '0'))::uuid from generate_series(1, 6) n;
    alter table public.profiles add foreign key (id) references auth.users`);
}

/** Users with a profile each, of whom a run has decided. */
async function decided(...ids: number[]): Promise<number> {
  for (const id of ids) await under.profile(id, id);
  const runId = await under.run();
  await under.decidedIn(runId);
  return runId;
}

/** The lines of users without their runs. */
async function lines(...ids: number[]): Promise<(string | undefined)[]> {
  const rows = await under.rowsNow();
  return ids.map((id) => rows[id]?.replace(/ of run.*/, ""));
}

describe("nobody is decided about", () => {
  it("while accounts are still to be taken back: a newer run would count on them", async () => {
    await decided(1, 2);
    await sql("update migration.accounts set state = 'removing' where legacy_id = 1");
    const next = await under.run();
    expect(await under.decidedIn(next)).toBeUndefined();
    expect(await runToDecide(under.target)).toBeUndefined();
    await sql("delete from migration.accounts where state = 'removing'");
    expect(await under.decidedIn(next)).toMatchObject({ account: 2 });
    expect((await under.rowsNow())[1]).toBe(`due 1 of run ${next}`);
  });
});

describe("who was refused", () => {
  it("stays so, and is told, where he has no profile for want of an account", async () => {
    await usersFirst();
    const runId = await under.run("waiting");
    expect(await under.decidedIn(runId)).toMatchObject({ account: 6 });
    await sql(`update migration.accounts set state = 'done';
      update migration.accounts set state = 'refused', code = 'address_taken', asked_at = now() where legacy_id = 2;
      update migration.run_entities set status = 'complete'`);
    await under.decidedIn(runId);
    const [line] = await lines(2);
    expect(line).toMatch(/^refused address_taken .$/);
    expect(await undecidedAccounts(under.target)).toContainEqual({
      kind: "refused",
      reason: "address_taken",
      accounts: 1,
    });
    const { refused, none } = await accountProgress(under.target);
    expect([refused, none]).toEqual([{ address_taken: 1 }, { no_profile: 5 }]);
  });

  it("and is not wanted any more is as any other who is not, and no refusal is left", async () => {
    const first = await decided(1, 2, 3, 4);
    await under.made(3, first);
    await sql(`update migration.accounts set asked_at = now() where legacy_id = 2;
      update migration.accounts set state = 'refused', code = 'address_taken' where legacy_id <= 4`);
    await under.legacy.query("update auth_user set is_active = 0 where id <= 3");
    await under.legacy.query("delete from auth_user where id = 4");
    await under.decidedIn(await under.run());
    expect(await lines(1, 2, 3, 4)).toEqual([
      "none inactive 1",
      "due inactive 2",
      "done inactive 3",
      "none gone 4",
    ]);
    expect(await undecidedAccounts(under.target)).toEqual([
      { kind: "unwanted", reason: "inactive", accounts: 2 },
    ]);
  });

  it("for another profile, too; it is written once, and a person must look when he is wanted again", async () => {
    await under.made(1, await decided(1));
    await sql("delete from public.profiles");
    await under.profile(7, 1);
    await under.decidedIn(await under.run());
    expect(await lines(1)).toEqual(["refused profile_changed 1"]);
    await under.legacy.query("update auth_user set is_active = 0 where id = 1");
    const third = await under.run();
    await under.decidedIn(third);
    await under.decidedIn(await under.run());
    expect((await under.rowsNow())[1]).toBe(`done inactive 1 of run ${third}`);
    await under.legacy.query("update auth_user set is_active = 1 where id = 1");
    await under.decidedIn(await under.run());
    expect(await lines(1)).toEqual(["refused profile_changed 1"]);
  });
});

describe("before profiles are loaded", () => {
  it("who is due to be told his rights stays so, if there is a profile that says them", async () => {
    await usersFirst();
    await under.made(1, await decided(1));
    await sql("update public.profiles set role = 'admin'");
    await under.decidedIn(await under.run());
    expect(await lines(1)).toEqual(["due 1"]);
    await under.decidedIn(await under.run("waiting"));
    expect(await lines(1)).toEqual(["due 1"]);
    await under.made(2, 1);
    await sql("update migration.accounts set state = 'due' where legacy_id = 2");
    await under.decidedIn(await under.run("waiting"));
    expect((await under.rowsNow())[2]).toMatch(/^done/);
  });
});

describe("while loaders work", () => {
  it("what one writes at that moment is not overwritten", async () => {
    const first = await decided(1, 2);
    await under.legacy.query("update auth_user set is_active = 0 where id = 1");
    const second = await under.run();
    const loader = await under.target.connect();
    try {
      await loader.query("begin");
      await loader.query(
        "update migration.accounts set state = 'done', made_by = $1, asked_at = now() where legacy_id = 1",
        [first],
      );
      const deciding = under.decidedIn(second);
      await eventually(() => lockWaits(under.target), { until: (waits) => waits === 1 });
      await loader.query("commit");
      await deciding;
    } finally {
      loader.release();
    }
    expect(await lines(1)).toEqual(["done inactive 1"]);
  });

  it("a claim ends where the profile's id is another one", async () => {
    await decided(2);
    await sql(
      "update migration.accounts set claimed_until = now() + interval '1 min' where legacy_id = 2",
    );
    await sql("delete from public.profiles");
    await under.profile(8, 2);
    await under.decidedIn(await under.run());
    expect(await lines(2)).toEqual(["due 8"]);
    const { rows } = await under.target.query(
      "select profile_id::text as id, claimed_until from migration.accounts where legacy_id = 2",
    );
    expect(rows).toEqual([{ id: uuid(8), claimed_until: null }]);
  });
});
