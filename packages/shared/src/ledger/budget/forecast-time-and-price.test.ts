import { describe, expect, it } from "vitest";
import { forecast } from "./forecast-time-and-price.ts";
import { paceOf } from "./pace.ts";

const price = { usdPer1kTokens: 0.00002 };

describe("the pace of a quota", () => {
  it.each([60, 600, 1_500, 6_000])(
    "of %i a minute stays within any minute and uses 95 % of it",
    (quota) => {
      const { rate, burst } = paceOf(quota);
      expect(60 * rate + burst).toBeLessThanOrEqual(quota);
      expect(60 * rate).toBeGreaterThanOrEqual(0.95 * quota);
      // And one more request, which a search may owe: a provider counts whole ones.
      expect(Math.floor(60 * rate + burst + 1)).toBeLessThanOrEqual(quota);
    },
  );
});

describe("the forecast", () => {
  it("of 146,000 texts at 60 requests a minute is 1.74 days, bound by requests", () => {
    const amount = { calls: 146_000, tokens: 14_600_000 };
    const quota = { requestsPerMinute: 60, tokensPerMinute: 300_000, ...price };
    expect(forecast(amount, quota)).toEqual({
      calls: 146_000,
      tokens: 14_600_000,
      seconds: 150_514,
      boundBy: "requests",
      microdollars: 292_000,
    });
  });

  it("is bound by tokens where texts are long", () => {
    const quota = { requestsPerMinute: 6_000, tokensPerMinute: 300_000, ...price };
    expect(forecast({ calls: 1_000, tokens: 1_000_000 }, quota)).toMatchObject({
      seconds: 206,
      boundBy: "tokens",
    });
  });

  it("is bound by nothing where there is no quota, or nothing to do", () => {
    const free = { requestsPerMinute: null, tokensPerMinute: null, ...price };
    expect(forecast({ calls: 1_000, tokens: 100_000 }, free)).toMatchObject({
      seconds: 0,
      boundBy: "nothing",
    });
    const quota = { requestsPerMinute: 60, tokensPerMinute: null, ...price };
    expect(forecast({ calls: 0, tokens: 0 }, quota)).toMatchObject({
      calls: 0,
      seconds: 0,
      microdollars: 0,
    });
  });
});
