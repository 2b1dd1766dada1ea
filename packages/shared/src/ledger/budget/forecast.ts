import type { BudgetOptions } from "./budget.ts";
import { paceOf } from "./pace.ts";
import { cost } from "./price.ts";

/** What is to be embedded: distinct texts after splitting, and their characters altogether. */
export interface Amount {
  readonly texts: number;
  readonly characters: number;
}

/** What embedding it will take, if nothing is known of it yet. */
export interface Forecast {
  readonly calls: number;
  readonly tokens: number;
  /** At the pace of the quota, whatever the number of workers; 0 where nothing is limited. */
  readonly seconds: number;
  /** Which quota it waits for. */
  readonly boundBy: "requests" | "tokens" | "nothing";
  readonly microdollars: number;
}

/** Amazon's average for English text in Titan Text Embeddings V2. */
const CHARACTERS_PER_TOKEN = 4.7;

/** Forecasts calls, tokens, time and price: one call per text. */
export function forecast(
  { texts, characters }: Amount,
  quota: Pick<BudgetOptions, "requestsPerMinute" | "tokensPerMinute" | "usdPer1kTokens">,
): Forecast {
  const tokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  const forRequests = secondsFor(texts, quota.requestsPerMinute);
  const forTokens = secondsFor(tokens, quota.tokensPerMinute);
  const seconds = Math.ceil(Math.max(forRequests, forTokens));
  return {
    calls: texts,
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
