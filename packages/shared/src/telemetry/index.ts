export { describeError, type ErrorFacts } from "./describe-error.ts";
export { type Log, openLog } from "./log.ts";
