import { describe, expect, it } from "vitest";
import { createRun } from "../run-lifecycle.ts";
import type { CallOutcome, Reservation } from "./budget.ts";
import { ask, type FreshBudget, freshBudget, granted } from "./fresh-budget.fixture.ts";

const throttled: CallOutcome = { kind: "throttled", retryAfterMs: null };

describe("a call that was throttled", () => {
  it("lowers the pace once for all calls that were under way", async (context) => {
    const fresh = await freshBudget(context);
    const calls = await reservations(fresh, 20);
    await fresh.pass(2);
    for (const call of calls.slice(0, 5)) await fresh.budget.record(call, throttled);
    await Promise.all(calls.slice(5).map((call) => fresh.budget.record(call, throttled)));
    expect(await fresh.row("round(share::numeric, 2) as share")).toEqual({ share: "0.80" });
  });

  it("lowers it again when it was granted a second after the last lowering", async (context) => {
    const fresh = await freshBudget(context);
    await throttleAfter(fresh, 2);
    await throttleAfter(fresh, 0.9);
    expect(await fresh.row("round(share::numeric, 2) as share")).toEqual({ share: "0.82" });
    await throttleAfter(fresh, 0.2);
    expect(await fresh.row("round(share::numeric, 2) as share")).toEqual({ share: "0.66" });
  });

  it("lowers the pace, which recovers by 2 % of the quota each second, up to all of it", async (context) => {
    const fresh = await freshBudget(context);
    await throttleAfter(fresh, 2);
    await fresh.pass(5);
    await granted(fresh.budget);
    expect(await fresh.row("round(share::numeric, 2) as share")).toEqual({ share: "0.90" });
    await fresh.pass(60);
    await granted(fresh.budget);
    expect(await fresh.row("share")).toEqual({ share: 1 });
  });

  it("keeps everybody away for its Retry-After", async (context) => {
    const fresh = await freshBudget(context);
    const [one, two] = await reservations(fresh, 2);
    if (one) await fresh.budget.record(one, { kind: "throttled", retryAfterMs: 3_000 });
    if (two) await fresh.budget.record(two, { kind: "throttled", retryAfterMs: 1_000 });
    await fresh.pass(2.9);
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "wait" });
    await fresh.pass(0.2);
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "granted" });
  });
});

describe("the bill", () => {
  it("counts calls, tokens and what went wrong by UTC day, in whole microdollars that add up", async (context) => {
    const fresh = await freshBudget(context);
    const calls = await reservations(fresh, 84);
    const recorded = calls
      .slice(0, 80)
      .map((call) => fresh.budget.record(call, { kind: "used", tokens: 130 }));
    await Promise.all(recorded);
    const others: CallOutcome[] = [
      throttled,
      { kind: "failed" },
      { kind: "rejected" },
      { kind: "stopped", code: "X" },
    ];
    for (const [index, outcome] of others.entries()) {
      const call = calls[80 + index];
      if (call) await fresh.budget.record(call, outcome);
    }
    const { rows } = await fresh.ledger.query(
      `select model, calls, tokens, throttled, failed, microdollars,
         day = (now() at time zone 'utc')::date as today from migration.embedding_usage`,
    );
    // 10,400 tokens at $0.02 a million: 2.6 microdollars a call, 208 altogether.
    const counted = { calls: 80, tokens: 10_400, throttled: 1, failed: 3, microdollars: 208 };
    expect(rows).toEqual([{ model: "titan", ...counted, today: true }]);
  });

  it("adds up when every call is recorded alone", async (context) => {
    const fresh = await freshBudget(context);
    for (let call = 0; call < 40; call += 1)
      await fresh.budget.record(await granted(fresh.budget), { kind: "used", tokens: 7 });
    const { rows } = await fresh.ledger.query(
      "select tokens, microdollars from migration.embedding_usage",
    );
    expect(rows).toEqual([{ tokens: 280, microdollars: 5 }]);
    expect(await fresh.row("run_tokens, run_microdollars")).toEqual({
      run_tokens: 280,
      run_microdollars: 5,
    });
  });
});

describe("the money cap", () => {
  /** 1,000 tokens are 20 microdollars. */
  const call: CallOutcome = { kind: "used", tokens: 1_000 };

  it("is overshot by no more than one call per worker", async (context) => {
    const fresh = await freshBudget(context, { capUsd: 0.0002 });
    const worker = async (): Promise<void> => {
      for (;;) {
        const grant = await fresh.budget.reserve(1_000);
        if (grant.kind !== "granted") break;
        await fresh.budget.record(grant.reservation, call);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    const { rows } = await fresh.ledger.query<{ microdollars: number }>(
      "select microdollars from migration.embedding_usage",
    );
    expect(rows[0]?.microdollars).toBeGreaterThanOrEqual(200);
    expect(rows[0]?.microdollars).toBeLessThanOrEqual(200 + 16 * 20);
    expect(await fresh.budget.reserve(1)).toEqual({
      kind: "paused",
      reason: "money_cap",
      retryMs: 60_000,
    });
  });

  it("holds for one run: the next one with embeddings begins at nothing, one without changes nothing", async (context) => {
    const fresh = await freshBudget(context, { capUsd: 0.00002 });
    await fresh.budget.record(await granted(fresh.budget), call);
    await run(fresh, false);
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused", reason: "money_cap" });
    const runId = await run(fresh, true);
    await fresh.budget.record(await granted(fresh.budget), call);
    expect(await fresh.row("run_id, run_microdollars")).toEqual({
      run_id: runId,
      run_microdollars: 20,
    });
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused", reason: "money_cap" });
  });

  it("holds on through runs that nobody started: deltas of what is followed, of a cut-over, and repairs", async (context) => {
    const fresh = await freshBudget(context, { capUsd: 0.00002 });
    const started = await run(fresh, true);
    await fresh.budget.record(await granted(fresh.budget), call);
    for (let interval = 0; interval < 3; interval += 1) {
      await run(fresh, true, false);
      expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused", reason: "money_cap" });
    }
    expect(await fresh.row("run_id, run_microdollars")).toEqual({
      run_id: started,
      run_microdollars: 20,
    });
    await run(fresh, true);
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "granted" });
  });

  it("of nothing lets nothing through", async (context) => {
    const fresh = await freshBudget(context, { capUsd: 0 });
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused", reason: "money_cap" });
  });
});

async function run(
  fresh: FreshBudget,
  embeddings: boolean,
  newBill = true,
): Promise<number | undefined> {
  const order = { embeddings, codes: "{}", newBill };
  const id = await createRun(fresh.ledger, [], order);
  await fresh.ledger.query("update migration.runs set status = 'failed' where status = 'planned'");
  return id;
}

async function reservations(fresh: FreshBudget, calls: number): Promise<Reservation[]> {
  const grants = await ask(fresh.budget, calls);
  return grants.flatMap((grant) => (grant.kind === "granted" ? [grant.reservation] : []));
}

async function throttleAfter(fresh: FreshBudget, seconds: number): Promise<void> {
  await fresh.pass(seconds);
  await fresh.budget.record(await granted(fresh.budget), throttled);
}
