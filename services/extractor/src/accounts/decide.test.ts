import { accountProgress, decideAnew } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import { decideAccounts } from "./decide.ts";
import { type DecisionsUnderTest, decisionsUnderTest } from "./decisions.fixture.ts";

type Under = DecisionsUnderTest;

let deps: Under["deps"];
let legacy: Under["legacy"];
let target: Under["target"];
let user: Under["user"];
let profile: Under["profile"];
let run: Under["run"];
let decidedIn: Under["decidedIn"];
let rowsNow: Under["rowsNow"];
let made: Under["made"];

beforeEach(async (context) => {
  ({ deps, legacy, target, user, profile, run, decidedIn, rowsNow, made } =
    await decisionsUnderTest(context));
});

describe("accounts", () => {
  it("are decided once profiles have settled, for everybody, with a sum that closes", async () => {
    for (const id of [1, 2, 3, 4]) await profile(id, id);
    await legacy.query("update auth_user set email = 'USER.1@Clinic.example' where id = 2");
    await legacy.query("update auth_user set is_active = 0 where id = 3");
    await legacy.query("update auth_user set email = '' where id = 6");
    const early = await run("loading");
    expect(await decidedIn(early)).toBeUndefined();
    expect((await accountProgress(target)).status).toBe("waiting");
    const runId = await run();
    expect(await decidedIn(runId)).toEqual({
      users: 6,
      account: 2,
      case_variant: 1,
      inactive: 1,
      no_address: 1,
      no_profile: 1,
    });
    expect(await rowsNow()).toEqual({
      1: `due 1 of run ${runId}`,
      2: `none case_variant 1 2 of run ${runId}`,
      3: `none inactive 3 of run ${runId}`,
      4: `due 4 of run ${runId}`,
      5: `none no_profile of run ${runId}`,
      6: `none no_address of run ${runId}`,
    });
    expect(await accountProgress(target)).toMatchObject({ status: "making", due: 2, users: 6 });
  });

  it("of test accounts are none; the zone of logins decides who was last", async () => {
    for (const id of [1, 2, 3, 4, 5, 6]) await profile(id, id);
    await legacy.query("update auth_user set email = 'desk@clinic.example' where id in (1, 2, 3)");
    await legacy.query("update auth_user set last_login = '2020-02-01' where id in (1, 3)");
    await legacy.query("update auth_user set last_login = 'infinity' where id = 2");
    const runId = await run();
    expect(await decidedIn(runId, "user.1,*.4@clinic.example")).toMatchObject({
      test_account: 2,
      shared_address: 1,
      account: 3,
    });
    expect((await rowsNow())[2]).toBe(`none shared_address 3 2 of run ${runId}`);
  });

  it("that are as they were are not written", async () => {
    for (const id of [1, 2, 3, 4, 5, 6]) await profile(id, id);
    const first = await run();
    await decidedIn(first);
    await made(1, first);
    const before = await target.query(
      "select xmin::text, a.* from migration.accounts a order by 2",
    );
    expect(await decidedIn(await run())).toMatchObject({ account: 6 });
    const after = await target.query("select xmin::text, a.* from migration.accounts a order by 2");
    expect(after.rows).toEqual(before.rows);
  });

  it("are due again where practice or role are others than they were told", async () => {
    for (const id of [1, 2]) await profile(id, id);
    const first = await run();
    await decidedIn(first);
    for (const id of [1, 2]) await made(id, first);
    await target.query("update migration.accounts set made_by = null where legacy_id = 2");
    await target.query("update public.profiles set role = 'admin'");
    const second = await run();
    await decidedIn(second);
    expect(await rowsNow()).toMatchObject({
      1: `due 1 of run ${second}`,
      2: `done 2 of run ${first}`,
    });
    await target.query("update public.profiles set role = 'doctor'");
    await decidedIn(await run());
    expect((await rowsNow())[1]).toMatch(/^done 1/);
  });

  it("of who is gone, or is to have none, stay where there is one, and are looked for where there may be one", async () => {
    for (const id of [1, 2, 3, 4]) await profile(id, id);
    const first = await run();
    await decidedIn(first);
    await made(1, first);
    await target.query("update migration.accounts set asked_at = now() where legacy_id = 2");
    await legacy.query("delete from auth_user where id in (1, 2, 3)");
    const second = await run();
    expect(await decidedIn(second)).toMatchObject({ users: 3 });
    expect(await rowsNow()).toMatchObject({
      1: `done gone 1 of run ${second}`,
      2: `due gone 2 of run ${first}`,
      3: `none gone 3 of run ${second}`,
    });
    for (const id of [1, 2, 3]) await user(id, `user.${id}@clinic.example`);
    await decidedIn(await run());
    const lines = Object.values(await rowsNow()).map((line) => line.replace(/ of run.*/, ""));
    expect(lines.slice(0, 3)).toEqual(["done 1", "due 2", "due 3"]);
  });

  it("move to another profile only while nothing was made", async () => {
    for (const id of [1, 2]) await profile(id, id);
    const first = await run();
    await decidedIn(first);
    await made(1, first);
    await target.query("delete from public.profiles");
    await profile(7, 1);
    await profile(8, 2);
    const second = await run();
    await decidedIn(second);
    expect(await rowsNow()).toMatchObject({
      1: `refused profile_changed 1 of run ${second}`,
      2: `due 8 of run ${second}`,
    });
    // And never to one that somebody else's account has.
    await target.query("delete from public.profiles");
    await profile(1, 3);
    await decidedIn(await run());
    expect((await rowsNow())[3]).toMatch(/^refused profile_changed of/);
  });

  it("are decided by one of two extractors, and anew when somebody asks", async () => {
    for (const id of [1, 2]) await profile(id, id);
    const runId = await run();
    await Promise.all([decideAccounts(deps), decideAccounts(deps)]);
    expect(await decidedIn(runId)).toMatchObject({ account: 2 });
    await legacy.query("update auth_user set is_active = 0 where id = 1");
    await decideAnew(target);
    expect(await decidedIn(runId)).toMatchObject({ account: 1, inactive: 1 });
  });

  it("wait while a rollback is open, and for a source that cannot be read", async () => {
    await profile(1, 1);
    const runId = await run();
    await target.query(
      "insert into migration.rollbacks (run_id, kind, actor) values ($1, 'rollback', 'test')",
      [runId],
    );
    expect(await decidedIn(runId)).toBeUndefined();
    await target.query("update migration.rollbacks set status = 'cancelled', finished_at = now()");
    await legacy.query("alter table auth_user rename to away");
    await expect(decideAccounts(deps)).rejects.toMatchObject({ code: "42P01" });
    await legacy.query("alter table away rename to auth_user");
    expect(await decidedIn(runId)).toMatchObject({ account: 1 });
  });
});
