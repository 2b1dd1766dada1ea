/** A half-filled target as an earlier tool left it, made of a sample and a seed, and the account of what it holds. */
export { type Account, type Match, matches, strangers } from "./account.ts";
export { type HalfFilled, type HalfFilledOptions, makeHalfFilled } from "./make.ts";
