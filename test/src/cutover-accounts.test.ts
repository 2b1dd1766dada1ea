/** Step `accounts` of a cut-over: each way of not being met stops it, with its own reason; what comes by itself is waited for. */
import { type Client, openClient } from "@nexus/contract";
import type { Client as PoolClient } from "@nexus/shared/database";
import { DECISION_LOCK } from "@nexus/shared/ledger";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { askCutover, cutOver, ended, stopped, untilStep } from "./cut-over.ts";
import { type Journey, openJourney } from "./journey.ts";

const [stack] = mostReal(stacks([]));

// An embedded database has one session: nobody could keep the extractor from deciding anew what a test writes into the ledger.
describe.skipIf(stack === undefined)("accounts at a cut-over", () => {
  let journey: Journey;
  let deciding: PoolClient;
  let api: Client;

  beforeAll(async () => {
    if (stack === undefined) return;
    journey = await openJourney(stack, { sample: { scale: 0.02 } });
    deciding = await journey.target.connect();
    await deciding.query(`select pg_advisory_lock(${DECISION_LOCK})`);
    await journey.completed(await journey.begin());
    // The dirt of the sample is another step's.
    await journey.target.query(
      `insert into migration.accepted_exceptions (entity, legacy_id, outcome, reason, actor, because)
       select distinct entity, legacy_id, outcome, reason, 'test', 'dirt' from migration.exceptions where resolved_at is null`,
    );
  });
  afterAll(async () => {
    deciding?.release(true);
    await journey?.close();
  });
  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack, { EMBEDDINGS: "off" });
    api = openClient({ url });
    await journey.target.query(
      `delete from migration.accounts; delete from migration.account_decisions;
       delete from migration.accepted_exceptions where entity = 'accounts';
       update migration.runs set accounts = id = 1`,
    );
  });

  /** Four users in the ledger: two have an account, one gets none. `change`: of the fourth. */
  const seed = async (change: string, decidedBefore = "10 min"): Promise<void> => {
    await journey.target.query(
      `insert into migration.account_decisions (run_id, before_profiles, users, counts, decided_at)
         values (1, false, 4, '{"account": 3, "inactive": 1}', now() - interval '${decidedBefore}');
       insert into migration.accounts (legacy_id, profile_id, run_id, reason, state, made_by, settled_at)
         select n, gen_random_uuid(), 1, case n when 3 then 'inactive' end, case n when 3 then 'none' else 'done' end,
           case when n <> 3 then 1 end, now() - interval '10 min' from generate_series(1, 4) n;
       update migration.accounts set ${change} where legacy_id = 4`,
    );
  };

  const stop = (code: string, says: RegExp, toDo: RegExp) => ({
    status: "failed",
    errorCode: code,
    step: "accounts",
    code,
    says: expect.stringMatching(says),
    toDo: expect.stringMatching(toDo),
  });

  const stepOf = async (asking: Parameters<typeof cutOver>[1]) =>
    (await cutOver(api, asking)).steps.find(({ step }) => step === "accounts");

  it("are off where no run has asked for any", async () => {
    await journey.target.query("update migration.runs set accounts = false");
    expect(await stepOf({ kind: "plan" })).toMatchObject({
      status: "met",
      code: "accounts_off",
      says: "accounts are off: no run has asked for any",
    });
  });

  it("are met where everybody who is to have one has one", async () => {
    await seed("role = 'doctor'");
    expect(await stepOf({ kind: "plan" })).toMatchObject({
      status: "met",
      code: null,
      says: "3 of 4 users are to have an account, and 3 have one",
    });
  });

  it("stop it where one was refused, until somebody lets it go", async () => {
    await seed("state = 'refused', code = 'address_taken'");
    const undecided = await cutOver(api, { acceptExceptions: undefined, kind: "plan" });
    expect(undecided.steps).toContainEqual(
      expect.objectContaining({ step: "accounts", code: "accounts_refused", status: "not_met" }),
    );
    expect(stopped(await cutOver(api, { acceptExceptions: undefined }))).toEqual(
      stop("accounts_refused", /refused: address_taken 1$/, /nexus accounts requeue.*--accept-ex/),
    );
    expect(await stepOf({ kind: "plan", acceptExceptions: "she has another one" })).toMatchObject({
      status: "met",
      says: "3 of 4 users are to have an account, and 2 have one; somebody has let the others go",
    });
    const kept = await journey.target.query(
      "select legacy_id, reason, because from migration.accepted_exceptions where entity = 'accounts'",
    );
    expect(kept.rows).toEqual([
      { legacy_id: 4, reason: "address_taken", because: "she has another one" },
    ]);
    await journey.target.query("update migration.accounts set code = 'other' where legacy_id = 4");
    expect(await stepOf({ kind: "plan", acceptExceptions: undefined })).toMatchObject({
      code: "accounts_refused",
    });
  });

  it("stop it where one is there that is not wanted any more", async () => {
    await seed("reason = 'inactive'");
    expect(stopped(await cutOver(api, { acceptExceptions: undefined }))).toEqual(
      stop("accounts_unwanted", /to have none any more: inactive 1$/, /--state unwanted/),
    );
  });

  it("stop it where nobody decides who gets one", async () => {
    await journey.target.query(
      "update migration.run_entities set settled_at = settled_at - interval '10 min' where entity = 'profiles'",
    );
    expect(stopped(await cutOver(api))).toEqual(
      stop("accounts_undecided", /^run 1 asked .* nobody has decided .* for \d+ s$/, /extractor/),
    );
  });

  it("stop it where some are due and nobody makes them", async () => {
    await seed("state = 'due', settled_at = null");
    expect(stopped(await cutOver(api))).toEqual(
      stop("accounts_due", /^1 accounts are due, and nobody makes them for \d+ s$/, /ACCOUNTS=on/),
    );
  });

  it("stop it where making them is paused until a person looks", async () => {
    await seed("state = 'due', settled_at = null", "1 s");
    await journey.target.query(
      `insert into migration.rate_budget (model, request_rate, request_burst, token_rate, token_burst, requests, tokens,
         microdollars_per_million_tokens, paused_at, probe_at, probe_delay, pause_reason, pause_code)
       values ('accounts', 1, 1, 1, 1, 0, 0, 0, now(), now(), '1 s', 'stopped', 'http_401')`,
    );
    const found = stopped(await cutOver(api));
    await journey.target.query("delete from migration.rate_budget where model = 'accounts'");
    expect(found).toEqual(
      stop("accounts_due", /nobody makes them: paused because http_401$/, /the key/),
    );
  });

  it("are waited for while they are being made", async () => {
    await seed("state = 'due', settled_at = null", "1 s");
    expect(await stepOf({ kind: "plan" })).toMatchObject({ code: "accounts_to_do" });
    await askCutover(api);
    await untilStep(api, "accounts", "open");
    await journey.target.query(
      "update migration.accounts set state = 'refused', code = 'validation_failed', settled_at = now() where legacy_id = 4",
    );
    expect(stopped(await ended(api))).toMatchObject({ code: "accounts_refused" });
  });

  it("stop it where profiles were written since it was decided", async () => {
    await seed("role = 'doctor'");
    await journey.legacy.query(
      "update auth_user set first_name = 'Other' where id = (select max(id) from auth_user)",
    );
    const runId = await journey.begin({ only: ["profiles"] });
    await journey.completed(runId);
    expect(stopped(await cutOver(api))).toEqual(
      stop("accounts_outdated", new RegExp(`^run ${runId} has written profiles`), /--accounts/),
    );
  });
});
