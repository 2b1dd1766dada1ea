import { describe, expect, it } from "vitest";
import { openQuota } from "./quota.ts";

const limits = { requestsPerMinute: 3, tokensPerMinute: 100, minuteMs: 60_000 };

describe("a quota", () => {
  it("counts the requests of any minute, not of the clock's minutes", () => {
    const quota = openQuota();
    const admitted = [0, 20_000, 59_000, 59_999].map((now) => quota.admit(1, limits, now));
    expect(admitted).toEqual(["admitted", "admitted", "admitted", "requests"]);
    expect(quota.admit(1, limits, 60_000)).toBe("admitted");
    expect(quota.admit(1, limits, 79_999)).toBe("requests");
  });

  it("counts the tokens of any minute; what is refused counts for nothing", () => {
    const quota = openQuota();
    const admitted = [60, 41, 40, 1].map((tokens, n) => quota.admit(tokens, limits, n));
    expect(admitted).toEqual(["admitted", "tokens", "admitted", "tokens"]);
    expect(quota.admit(60, limits, 60_000)).toBe("admitted");
  });

  it("may be absent, and may be 0", () => {
    const none = { requestsPerMinute: null, tokensPerMinute: null, minuteMs: 1 };
    expect(openQuota().admit(1e9, none, 0)).toBe("admitted");
    expect(openQuota().admit(1, { ...none, requestsPerMinute: 0 }, 0)).toBe("requests");
    expect(openQuota().admit(1, { ...none, tokensPerMinute: 0 }, 0)).toBe("tokens");
  });

  it("lets in exactly its requests in each of many minutes, however fast they come", () => {
    const quota = openQuota();
    const many = { requestsPerMinute: 6_000, tokensPerMinute: null, minuteMs: 60_000 };
    let admitted = 0;
    for (let now = 0; now < 600_000; now += 5)
      if (quota.admit(1, many, now) === "admitted") admitted += 1;
    expect(admitted).toBe(60_000);
  });
});
