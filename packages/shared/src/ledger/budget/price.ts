/** Money is counted in whole microdollars: millionths of a dollar. */

/** A price as it is published, per thousand tokens, as microdollars per million tokens: 0.00002 is 20,000. */
export function microdollarsPerMillion(usdPer1kTokens: number): number {
  return Math.round(usdPer1kTokens * 1e9);
}

/** What so many tokens cost, in microdollars; a part of one is dropped, as in the ledger. */
export function cost(tokens: number, usdPer1kTokens: number): number {
  return Math.floor((tokens * microdollarsPerMillion(usdPer1kTokens)) / 1e6);
}
