import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { freshLedger } from "../testing/fresh-ledger.ts";
import { seedRun } from "../testing/seed-run.ts";
import { accountsStanding } from "./account-standing.ts";
import { findAccountStall } from "./account-stall.ts";
import { acceptAccounts } from "./undecided-accounts.ts";

let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
});

/** A run whose profiles have settled so many seconds ago. */
async function run(settledAgo: number, asked = true): Promise<number> {
  const id = await seedRun(target, {
    status: "completed",
    entities: { profiles: { status: "complete", batches: [{ status: "done" }] } },
  });
  await target.query(
    `update migration.runs set accounts = ${asked}, finished_at = now() where id = ${id};
     update migration.batches set inserted = 0, updated = 0 where run_id = ${id};
     update migration.run_entities set settled_at = now() - interval '${settledAgo} s' where run_id = ${id}`,
  );
  return id;
}

async function decided(runId: number, ago: number): Promise<void> {
  await target.query(
    `insert into migration.account_decisions (run_id, before_profiles, users, counts, decided_at)
     values ($1, false, 3, '{"account": 3}', now() - $2 * interval '1 s')`,
    [runId, ago],
  );
}

/** Users with accounts in these states, each given as the rest of an update. */
async function users(...changes: string[]): Promise<void> {
  for (const [at, change] of changes.entries()) {
    await target.query(
      `insert into migration.accounts (legacy_id, profile_id, run_id, state) values ($1, gen_random_uuid(), 1, 'done')`,
      [at + 1],
    );
    await target.query(`update migration.accounts set ${change} where legacy_id = $1`, [at + 1]);
  }
}

const unmet = async () => (await accountsStanding(target)).unmet;

describe("accounts stand still", () => {
  it("where nobody decides after profiles have settled, and not before", async () => {
    expect(await findAccountStall(target)).toBeUndefined();
    const id = await run(119);
    expect(await findAccountStall(target)).toBeUndefined();
    await target.query("update migration.run_entities set settled_at = now() - interval '130 s'");
    expect(await findAccountStall(target)).toEqual({ of: "decision", seconds: 130 });
    await decided(id, 0);
    expect(await findAccountStall(target)).toBeUndefined();
    await run(900);
    expect(await findAccountStall(target)).toMatchObject({ of: "decision" });
    await target.query("update migration.runs set status = 'rolled_back' where id = 2");
    expect(await findAccountStall(target)).toBeUndefined();
  });

  it("where some are due and none is made, counted from the last one that was", async () => {
    await decided(await run(900), 800);
    await users("settled_at = now() - interval '700 s'", "state = 'due'");
    expect(await findAccountStall(target)).toEqual({ of: "accounts", seconds: 700 });
    await target.query("update migration.accounts set settled_at = now() where state = 'done'");
    expect(await findAccountStall(target)).toBeUndefined();
  });

  it("also where it is decided again and again", async () => {
    await decided(await run(900), 800);
    await users("settled_at = now() - interval '700 s'", "state = 'due'");
    for (const ago of [300, 200, 20]) await decided(await run(ago), ago);
    expect(await findAccountStall(target)).toEqual({ of: "accounts", seconds: 300 });
    await target.query(
      "update migration.account_decisions set decided_at = now() - interval '5 s' where run_id = 4",
    );
    expect(await findAccountStall(target), "loaders have some seconds").toBeUndefined();
  });

  it("also where they are to be taken back", async () => {
    await decided(await run(900), 800);
    await users("state = 'removing', settled_at = now() - interval '700 s'");
    expect(await findAccountStall(target)).toMatchObject({ of: "accounts", seconds: 700 });
    await target.query(
      "insert into migration.rollbacks (run_id, kind, actor) values (1, 'rollback', 'sam')",
    );
    expect(await findAccountStall(target), "it has just begun").toBeUndefined();
  });

  it("not where all that is due waits for its next attempt, or is over", async () => {
    await decided(await run(900), 800);
    await users("state = 'due', due_at = now() + interval '1 min'", "state = 'done'");
    expect(await findAccountStall(target)).toBeUndefined();
    await target.query(
      "update migration.accounts set due_at = now() - interval '10 s' where due_at is not null",
    );
    expect(await findAccountStall(target), "its turn has just come").toBeUndefined();
  });
});

describe("how accounts stand", () => {
  it("is nobody's question where no run asks for any", async () => {
    await run(10, false);
    expect(await accountsStanding(target)).toMatchObject({ unmet: [], moves: true });
  });

  it("is asked as long as accounts are to be taken back, though no run asks for any more", async () => {
    await run(10, false);
    await users("state = 'due'");
    expect((await accountsStanding(target)).progress.status, "nobody makes it").toBe("off");
    await target.query("update migration.accounts set state = 'removing'");
    expect(await accountsStanding(target)).toMatchObject({
      progress: { status: "making", runId: null, removing: 1 },
      unmet: [{ code: "accounts_due", due: 1 }],
    });
  });

  it("says all that is not as it should be, what a person has to see to first", async () => {
    await run(10);
    expect(await unmet()).toEqual([{ code: "accounts_undecided", runId: 1 }]);
    await decided(1, 5);
    expect(await unmet()).toEqual([]);
    await users(
      "state = 'refused', code = 'address_taken'",
      "reason = 'inactive'",
      "state = 'due'",
      "state = 'none', reason = 'no_address'",
    );
    expect(await unmet()).toEqual([
      {
        code: "accounts_refused",
        waiting: [{ kind: "refused", reason: "address_taken", accounts: 1 }],
      },
      {
        code: "accounts_unwanted",
        waiting: [{ kind: "unwanted", reason: "inactive", accounts: 1 }],
      },
      { code: "accounts_due", due: 1 },
    ]);
  });

  it("tells of an account that is not wanted any more also where it could not be looked for, or taken back", async () => {
    await decided(await run(10), 5);
    await users("state = 'refused', code = 'unavailable', reason = 'inactive'");
    expect(await unmet()).toEqual([
      {
        code: "accounts_unwanted",
        waiting: [{ kind: "unwanted", reason: "inactive", accounts: 1 }],
      },
    ]);
    expect((await accountsStanding(target)).progress).toMatchObject({ unwanted: 1, refused: {} });
  });

  it("knows which run has written profiles since, whether or not that one asked", async () => {
    await decided(await run(10), 5);
    const later = await run(1, false);
    expect(await unmet(), "it has changed none").toEqual([]);
    await target.query("update migration.batches set updated = 1 where run_id = $1", [later]);
    expect(await unmet()).toEqual([{ code: "accounts_outdated", runId: 1, wroteProfiles: later }]);
    await run(1);
    expect(await unmet()).toEqual([{ code: "accounts_undecided", runId: 3 }]);
  });

  it("leaves out whom somebody has let go, until another reason comes", async () => {
    await decided(await run(10), 5);
    await users("state = 'refused', code = 'address_taken'", "reason = 'inactive'");
    const by = { actor: "sam", reason: "they have left" };
    expect(await acceptAccounts(target, by)).toEqual([
      { reason: "address_taken", accounts: 1 },
      { reason: "inactive", accounts: 1 },
    ]);
    expect(await acceptAccounts(target, by)).toEqual([]);
    expect(await unmet()).toEqual([]);
    await target.query("update migration.accounts set code = 'other' where code is not null");
    expect(await unmet()).toMatchObject([{ code: "accounts_refused" }]);
  });

  it("does not come by itself while a person has to mend something first", async () => {
    await decided(await run(10), 5);
    await users("state = 'due'");
    const moves = async () => (await accountsStanding(target)).moves;
    expect(await moves()).toBe(true);
    await target.query(
      `insert into migration.rate_budget (model, request_rate, request_burst, token_rate, token_burst, requests, tokens,
         microdollars_per_million_tokens, paused_at, probe_at, probe_delay, pause_reason)
       values ('accounts', 1, 1, 1, 1, 0, 0, 0, now(), now(), '1 s', 'throttled')`,
    );
    expect(await moves()).toBe(true);
    await target.query("update migration.rate_budget set pause_reason = 'stopped'");
    expect(await moves()).toBe(false);
  });
});
