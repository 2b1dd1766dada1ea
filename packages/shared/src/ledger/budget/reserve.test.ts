import { describe, expect, it } from "vitest";
import { openPool } from "../../database/pool.ts";
import { ask, count, freshBudget, granted } from "./fresh-budget.fixture.ts";
import { openBudget } from "./open-budget.ts";

describe("reserving requests", () => {
  it("grants what the bucket holds and tells the others when their turn comes", async (context) => {
    const { budget } = await freshBudget(context, { requestsPerMinute: 60 });
    const [first, second, third] = await ask(budget, 3);
    expect(first?.kind).toBe("granted");
    // One permit in 60 / 58.2 s, half of one is there; on a standing clock that is the longest wait.
    expect(second).toEqual({ kind: "wait", ms: 5_000 });
    expect(third).toEqual({ kind: "wait", ms: 5_000 });
  });

  it("says how long to wait in the time of the caller, one after the other", async (context) => {
    const { budget } = await freshBudget(context, { requestsPerMinute: 60, clockSpeed: 1 });
    const waits = (await ask(budget, 4)).map((grant) => (grant.kind === "wait" ? grant.ms : 0));
    expect(waits[0]).toBe(0);
    for (const [index, ms] of [515, 1_546, 2_577].entries())
      expect(Math.abs((waits[index + 1] ?? 0) - ms)).toBeLessThan(100);
  });

  it("fills the bucket with time, up to its burst", async (context) => {
    const { budget, pass } = await freshBudget(context, { requestsPerMinute: 600 });
    expect(count(await ask(budget, 30))).toBe(9);
    await pass(0.5); // 4.85 permits
    expect(count(await ask(budget, 30))).toBe(4);
    await pass(3_600);
    expect(count(await ask(budget, 30))).toBe(9);
  });

  it("never grants more than the bucket holds, however many connections ask", async (context) => {
    const { url, options } = await freshBudget(context, { requestsPerMinute: 6_000 });
    const pools = Array.from({ length: 16 }, () =>
      openPool({ url, max: 2, name: "test", onError: () => undefined }),
    );
    context.onTestFinished(async () => {
      await Promise.all(pools.map((pool) => pool.end()));
    });
    const budgets = await Promise.all(pools.map((pool) => openBudget(pool, options)));
    const rounds = budgets.map(async (budget) => {
      let mine = 0;
      for (let round = 0; round < 20; round += 1) mine += count(await ask(budget, 1 + (round % 3)));
      return mine;
    });
    const all = await Promise.all(rounds);
    expect(all.reduce((sum, mine) => sum + mine, 0)).toBe(90);
  });

  it("is not led astray by a clock that goes back", async (context) => {
    const { budget, pass } = await freshBudget(context, { requestsPerMinute: 60 });
    await granted(budget);
    await pass(-3_600);
    expect(count(await ask(budget, 1))).toBe(0);
    await pass(3_601);
    expect(count(await ask(budget, 1))).toBe(1);
  });

  it("does not limit where no quota is known", async (context) => {
    const { budget } = await freshBudget(context, { requestsPerMinute: null });
    expect(count(await ask(budget, 5_000, 8_192))).toBe(5_000);
  });
});

describe("reserving tokens", () => {
  it("lets the last call take more than is left, and the others wait for the debt", async (context) => {
    const { budget, pass, row } = await freshBudget(context, { tokensPerMinute: 60_000 }); // 900 at once, 970 each second
    expect(count(await ask(budget, 5, 400))).toBe(3);
    expect(await row("round(tokens) as tokens")).toEqual({ tokens: -300 });
    await pass(0.3);
    expect(count(await ask(budget, 5, 400))).toBe(0);
    await pass(0.02);
    expect(count(await ask(budget, 5, 400))).toBe(1);
  });

  it("grants a text that is larger than the bucket as soon as it grants a small one", async (context) => {
    const { budget } = await freshBudget(context, { tokensPerMinute: 6_000 });
    expect(count(await ask(budget, 2, 8_192))).toBe(1);
  });

  it("gives back what was estimated too much, and takes what was estimated too little", async (context) => {
    const { budget, row } = await freshBudget(context, { tokensPerMinute: 60_000 });
    const [one, two] = [await granted(budget, 300), await granted(budget, 300)];
    await budget.record(one, { kind: "used", tokens: 200 });
    expect(await row("round(tokens) as tokens")).toEqual({ tokens: 400 });
    await budget.record(two, { kind: "used", tokens: 900 });
    expect(await row("round(tokens) as tokens")).toEqual({ tokens: -200 });
  });
});

describe("opening a budget", () => {
  it("again, with another quota, keeps what is in the buckets", async (context) => {
    const { ledger, options, budget } = await freshBudget(context, { requestsPerMinute: 600 });
    expect(count(await ask(budget, 30))).toBe(9);
    const other = await openBudget(ledger, { ...options, requestsPerMinute: 6_000 });
    expect(count(await ask(other, 30))).toBe(0);
  });

  it("that is gone is an error that names the model", async (context) => {
    const { ledger, budget } = await freshBudget(context);
    const reservation = await granted(budget);
    await ledger.query("delete from migration.rate_budget");
    await expect(budget.reserve(1)).rejects.toThrow("no budget is open for titan");
    await expect(budget.record(reservation, { kind: "failed" })).rejects.toThrow(
      "no budget is open for titan",
    );
  });
});

describe("a process that dies", () => {
  it("leaks nothing: what it reserved is spent, and the bucket fills again", async (context) => {
    const { budget, pass } = await freshBudget(context, {
      requestsPerMinute: 600,
      tokensPerMinute: 60_000,
    });
    expect(count(await ask(budget, 9, 90))).toBe(9);
    await pass(2);
    expect(count(await ask(budget, 9, 90))).toBe(9);
  });
});
