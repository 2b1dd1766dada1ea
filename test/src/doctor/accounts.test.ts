/** What the doctor says of accounts of Supabase Auth: each with its code, on real servers. */
import { freePort, seedRun } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import { openWard, type Ward } from "./ward.ts";

let ward: Ward;
beforeEach(async (context) => {
  ward = await openWard(context);
  await seedRun(ward.target, {
    status: "completed",
    entities: { profiles: { status: "complete" } },
  });
  await ward.target.query(
    `update migration.runs set accounts = true, created_at = now() - interval '20 min', finished_at = now() - interval '9 min';
     update migration.run_entities set settled_at = now() - interval '10 min'`,
  );
});

/** A decision so long ago, and five users: two have an account, one gets none, `change` is of the others. */
async function decided(ago: string, change: string): Promise<void> {
  await ward.target.query(
    `insert into migration.account_decisions (run_id, before_profiles, users, counts, decided_at)
       values (1, false, 5, '{"account": 4, "inactive": 1}', now() - interval '${ago}');
     insert into migration.accounts (legacy_id, profile_id, run_id, reason, state, made_by, settled_at)
       select n, gen_random_uuid(), 1, case n when 3 then 'inactive' end, case n when 3 then 'none' else 'done' end,
         case when n <> 3 then 1 end, now() - interval '${ago}' from generate_series(1, 5) n;
     update migration.accounts set ${change} where legacy_id > 3`,
  );
}

async function paused(reason: string, code: string): Promise<void> {
  await ward.target.query(
    `insert into migration.rate_budget (model, request_rate, request_burst, token_rate, token_burst, requests, tokens,
       microdollars_per_million_tokens, paused_at, probe_at, probe_delay, pause_reason, pause_code)
     values ('accounts', 1, 1, 1, 1, 0, 0, 0, now(), now(), '1 s', $1, $2)`,
    [reason, code],
  );
}

/** `wrong accounts_stalled: 2 accounts …` */
async function said(env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { findings } = await ward.diagnose(env);
  return findings
    .filter(({ area }) => area === "accounts")
    .map(({ state, code, says }) => `${state} ${code}: ${says}`);
}

const DUE = "state = 'due', made_by = null, settled_at = null";

it("says nothing of them where no run asks for any", async () => {
  await ward.target.query("update migration.runs set accounts = false");
  expect(await said()).toEqual([]);
});

it("says that they are there", async () => {
  await decided("10 min", "role = 'doctor'");
  expect(await said()).toEqual(["well well: 4 accounts are there, 0 are due"]);
});

it("says that nobody decides who gets one", async () => {
  expect(await said()).toEqual([
    expect.stringMatching(
      /^wrong accounts_undecided: profiles have settled, and nobody has decided for \d+ s/,
    ),
  ]);
});

it("never says that nothing is wrong while due accounts stand still", async () => {
  await decided("5 min", DUE);
  const stalled = /^wrong accounts_stalled: 2 accounts are due, and none has been made for \d+ s$/;
  expect(await said()).toEqual([expect.stringMatching(stalled)]);
  expect((await ward.nexus("doctor")).output).toMatch(/wrong: 1/);
  // Deltas decide again and again, and change nothing.
  await ward.target.query(
    `insert into migration.runs (status, embeddings, accounts) select 'completed', false, true from generate_series(1, 3);
     insert into migration.account_decisions select n, false, 5, '{}', now() - (5 - n) * interval '50 s' from generate_series(2, 4) n`,
  );
  expect(await said()).toEqual([expect.stringMatching(stalled)]);
  // Nor where it cannot read the ledger itself.
  const away = `postgres://nobody@127.0.0.1:${await freePort()}/target`;
  const { wrong } = await ward.diagnose({ TARGET_URL: away });
  expect(wrong).toEqual(["accounts_stalled", "target_unreachable"]);
});

it("does not say it of accounts that have just been decided about, or wait for their next attempt", async () => {
  await decided("1 s", DUE);
  expect(await said()).toEqual(["well well: 2 accounts are there, 2 are due"]);
  await ward.target.query(
    `update migration.account_decisions set decided_at = now() - interval '1 h';
     update migration.accounts set settled_at = settled_at - interval '1 h', due_at = now() + case when state = 'due' then interval '1 min' end`,
  );
  expect(await said()).toEqual(["well well: 2 accounts are there, 2 are due"]);
});

it("says why all loaders pause", async () => {
  await decided("1 s", DUE);
  await paused("stopped", "http_401");
  expect(await said()).toEqual([
    "wrong accounts_paused: making accounts is paused (stopped: http_401; it is asked again in 0 s); 2 accounts are due",
  ]);
  await ward.target.query("update migration.rate_budget set pause_reason = 'throttled'");
  expect(await said()).toEqual([
    expect.stringMatching(/^note accounts_throttled: Supabase Auth, or a gateway before it/),
  ]);
});

it("says who waits for a person, until somebody lets it go", async () => {
  await decided("10 min", "state = 'refused', code = 'address_taken'");
  await ward.target.query("update migration.accounts set reason = 'inactive' where legacy_id = 1");
  expect(await said()).toEqual([
    "note accounts_refused: 2 accounts were refused (address_taken), and nobody has decided about them",
    "note accounts_unwanted: 1 accounts are there whose users are to have none any more (inactive)",
  ]);
  await ward.target.query(
    `insert into migration.accepted_exceptions (entity, legacy_id, outcome, reason, actor, because)
     select 'accounts', legacy_id, 'rejected', coalesce(code, reason), 'sam', 'so be it' from migration.accounts where legacy_id in (1, 4, 5)`,
  );
  expect(await said()).toEqual(["well well: 1 accounts are there, 0 are due"]);
});

it("does not take what accounts wait for to be the embedders' budget", async () => {
  await decided("1 s", DUE);
  await paused("stopped", "http_401");
  const { findings } = await ward.diagnose();
  expect(findings.filter(({ code }) => code === "breaker_open")).toEqual([]);
});
