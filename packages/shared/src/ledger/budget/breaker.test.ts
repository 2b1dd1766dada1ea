import { describe, expect, it } from "vitest";
import type { Grant, CallOutcome } from "./budget.ts";
import { ask, count, type FreshBudget, freshBudget, granted } from "./fresh-budget.fixture.ts";

const throttled: CallOutcome = { kind: "throttled", retryAfterMs: null };
const failed: CallOutcome = { kind: "failed" };
const stopped: CallOutcome = { kind: "stopped", code: "AccessDeniedException" };
const used: CallOutcome = { kind: "used", tokens: 1 };

describe("the breaker", () => {
  it.for<[string, CallOutcome, string]>([
    ["throttled", throttled, "throttled"],
    ["without an answer", failed, "unavailable"],
  ])(
    "pauses the pool when all calls of five seconds were %s",
    async ([, outcome, reason], context) => {
      const fresh = await freshBudget(context);
      for (const seconds of [0, 4.5, 0.4]) await callAfter(fresh, seconds, outcome);
      expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "granted" });
      await callAfter(fresh, 0.2, outcome);
      expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused", reason });
    },
  );

  it("pauses the pool at once when twenty calls in a row were not answered", async (context) => {
    const fresh = await freshBudget(context);
    const fail = async (times: number): Promise<void> =>
      recordAll(fresh, await ask(fresh.budget, times), failed);
    await fail(19);
    await callAfter(fresh, 0, used);
    await fail(19);
    expect(await fresh.row("pause_reason")).toEqual({ pause_reason: null });
    await fail(1);
    expect(await fresh.row("pause_reason")).toEqual({ pause_reason: "unavailable" });
  });

  it("leaves the pool open while some are answered", async (context) => {
    const fresh = await freshBudget(context);
    const answers: CallOutcome[] = [used, { kind: "rejected" }];
    for (let round = 0; round < 8; round += 1) {
      for (const seconds of [2, 2]) await callAfter(fresh, seconds, throttled);
      await callAfter(fresh, 2, answers[round % 2] ?? used);
    }
    expect(await fresh.row("paused_at, unanswered")).toEqual({ paused_at: null, unanswered: 0 });
  });

  it("does not take two failures for a pattern", async (context) => {
    const fresh = await freshBudget(context);
    await callAfter(fresh, 0, failed);
    await callAfter(fresh, 3_600, failed);
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "granted" });
  });

  it("pauses at once when the model may not be used, and keeps the code", async (context) => {
    const fresh = await freshBudget(context);
    await callAfter(fresh, 0, stopped);
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused", reason: "stopped" });
    expect(await fresh.row("pause_reason, pause_code")).toEqual({
      pause_reason: "stopped",
      pause_code: "AccessDeniedException",
    });
  });
});

describe("a paused pool", () => {
  it("lets one worker probe, after 1, 2, 4 and so on up to 60 seconds", async (context) => {
    const fresh = await paused(context);
    for (const delay of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await fresh.pass(delay - 0.05);
      expect(count(await ask(fresh.budget, 16), "paused")).toBe(16);
      await fresh.pass(0.1);
      const grants = await ask(fresh.budget, 16);
      expect([count(grants), count(grants, "paused")]).toEqual([1, 15]);
      await recordAll(fresh, grants, throttled);
    }
  });

  it("is opened by a probe that is answered, at half the pace or more", async (context) => {
    const fresh = await paused(context);
    await fresh.ledger.query("update migration.rate_budget set share = 0.1");
    await fresh.pass(1.1);
    await recordAll(fresh, await ask(fresh.budget, 16), used);
    expect(count(await ask(fresh.budget, 16))).toBe(16);
    expect(
      await fresh.row(
        "round(share::numeric, 2) as share, pause_reason, pause_code, probe_at, unanswered",
      ),
    ).toEqual({
      share: "0.50",
      pause_reason: null,
      pause_code: null,
      probe_at: null,
      unanswered: 0,
    });
  });

  it("is not opened by an answer to a call that was granted before the pause", async (context) => {
    const fresh = await freshBudget(context);
    const early = await granted(fresh.budget);
    await callAfter(fresh, 1, stopped);
    await fresh.budget.record(early, used);
    expect(await fresh.budget.reserve(1)).toMatchObject({ kind: "paused" });
  });

  it("is probed again when the prober died", async (context) => {
    const fresh = await paused(context);
    await fresh.pass(1.1);
    expect(count(await ask(fresh.budget, 16))).toBe(1);
    await fresh.pass(2.1);
    expect(count(await ask(fresh.budget, 16))).toBe(1);
  });

  it("tells when to look again", async (context) => {
    const fresh = await freshBudget(context, { clockSpeed: 1 });
    await callAfter(fresh, 0, stopped);
    const grant = await fresh.budget.reserve(1);
    expect(grant.kind === "paused" && grant.retryMs > 900 && grant.retryMs <= 1_000).toBe(true);
  });
});

async function paused(context: Parameters<typeof freshBudget>[0]): Promise<FreshBudget> {
  const fresh = await freshBudget(context);
  await callAfter(fresh, 0, stopped);
  return fresh;
}

async function callAfter(fresh: FreshBudget, seconds: number, outcome: CallOutcome): Promise<void> {
  await fresh.pass(seconds);
  await fresh.budget.record(await granted(fresh.budget), outcome);
}

async function recordAll(
  fresh: FreshBudget,
  grants: readonly Grant[],
  outcome: CallOutcome,
): Promise<void> {
  for (const grant of grants)
    if (grant.kind === "granted") await fresh.budget.record(grant.reservation, outcome);
}
