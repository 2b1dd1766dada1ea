import { describe, expect, it } from "vitest";
import { ask, count, type FreshBudget, freshBudget, granted } from "./fresh-budget.fixture.ts";
import { joinBudget } from "./open-budget.ts";

const joined = ({ ledger, options }: FreshBudget) => joinBudget(ledger, options);

describe("a budget that serves a person", () => {
  it("goes ahead by owing one request, and the others pay it back", async (context) => {
    const fresh = await freshBudget(context, { requestsPerMinute: 60 });
    await granted(fresh.budget);
    expect(count(await ask(fresh.budget, 1))).toBe(0);
    expect(count(await ask(joined(fresh), 2))).toBe(1);
    // From half a request owed to a whole one there: 1.5 at 0.97 a second.
    await fresh.pass(1.5);
    expect(count(await ask(fresh.budget, 1))).toBe(0);
    await fresh.pass(0.1);
    expect(count(await ask(fresh.budget, 2))).toBe(1);
  });

  it("goes ahead by owing tokens", async (context) => {
    const fresh = await freshBudget(context, { tokensPerMinute: 60_000 });
    await granted(fresh.budget, 1_400);
    expect(count(await ask(fresh.budget, 1, 1))).toBe(0);
    expect(count(await ask(joined(fresh), 1, 1))).toBe(1);
  });

  it("leaves the quota of the embedders as it is, and has none where there is none", async (context) => {
    const fresh = await freshBudget(context, { requestsPerMinute: 60 });
    await granted(joined(fresh));
    expect(await fresh.row("requests_per_minute")).toEqual({ requests_per_minute: 60 });
    await fresh.ledger.query("delete from migration.rate_budget");
    expect(count(await ask(joined(fresh), 500))).toBe(500);
    expect(await fresh.row("requests_per_minute")).toEqual({ requests_per_minute: null });
  });

  it("is not held by the cap of a run, and is paid for", async (context) => {
    const fresh = await freshBudget(context, { capUsd: 0 });
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused", reason: "money_cap" });
    const budget = joined(fresh);
    await budget.record(await granted(budget), { kind: "used", tokens: 1_000 });
    expect(await fresh.row("run_microdollars")).toEqual({ run_microdollars: 20 });
  });

  it("is paused with the pool", async (context) => {
    const fresh = await freshBudget(context);
    await fresh.budget.record(await granted(fresh.budget), {
      kind: "stopped",
      code: "AccessDenied",
    });
    expect(await joined(fresh).reserve(1)).toMatchObject({ kind: "paused", reason: "stopped" });
  });
});
