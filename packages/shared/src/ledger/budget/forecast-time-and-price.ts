import type { BudgetOptions } from "./budget.ts";
import { paceOf } from "./pace.ts";
import { cost } from "./price.ts";

/** What is to be embedded: a call for each distinct text. */
export interface Amount {
  readonly calls: number;
  readonly tokens: number;
}

/** What embedding it will take, if nothing is known of it yet. */
export interface Forecast extends Amount {
  /** At the pace of the quota, whatever the number of workers; 0 where nothing is limited. */
  readonly seconds: number;
  /** Which quota it waits for. */
  readonly boundBy: "requests" | "tokens" | "nothing";
  readonly microdollars: number;
}

/** Forecasts time and price. */
export function forecast(
  { calls, tokens }: Amount,
  quota: Pick<BudgetOptions, "requestsPerMinute" | "tokensPerMinute" | "usdPer1kTokens">,
): Forecast {
  const forRequests = secondsFor(calls, quota.requestsPerMinute);
  const forTokens = secondsFor(tokens, quota.tokensPerMinute);
  const seconds = Math.ceil(Math.max(forRequests, forTokens));
  return {
    calls,
    tokens,
    seconds,
    boundBy: seconds === 0 ? "nothing" : forRequests >= forTokens ? "requests" : "tokens",
    microdollars: cost(tokens, quota.usdPer1kTokens),
  };
}

function secondsFor(amount: number, perMinute: number | null): number {
  if (perMinute === null) return 0;
  const { rate, burst } = paceOf(perMinute);
  return Math.max(0, amount - burst) / rate;
}
