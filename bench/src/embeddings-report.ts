/** What the bench of embeddings prints. */
import type { CallsTaken } from "./embeddings-calls.ts";
import type { DifyTaken } from "./embeddings-dify.ts";
import type { OutageRound, Trouble } from "./embeddings-outage.ts";
import type { QuotaTaken } from "./embeddings-quotas.ts";

/** Of the stand-in, and of the embedder's writer. */
export function rateLines(calls: number, vectors: number): string[] {
  return [
    `the stand-in answers ${calls.toFixed(0)} calls a second`,
    `the writer stores ${vectors.toFixed(0)} vectors a second`,
  ];
}

/** Of a pass over the sample, and of another over the same. */
export function callLines({
  embedders,
  items,
  distinct,
  distinctAnywhere,
  first,
  again,
  ...more
}: CallsTaken): string[] {
  const { tokens, dollars, memory } = more;
  return [
    `${embedders} embedders: ${items.done + items.empty + items.failed} items (${items.empty} empty, ${items.failed} failed) in ${first.seconds.toFixed(1)} s`,
    `  calls ${first.calls} by the ledger, ${first.billed} by the bill; different texts of a practice: ${distinct}, anywhere: ${distinctAnywhere}`,
    `  ${(first.calls / first.seconds).toFixed(0)} calls a second; largest embedder ${(memory / 1_048_576).toFixed(0)} MB`,
    `  everything again: ${again.calls} calls by the ledger, ${again.billed} by the bill, in ${again.seconds.toFixed(1)} s`,
    `  tokens ${tokens.ledger} by the ledger, ${tokens.billed} by the bill; $${dollars.ledger.toFixed(6)} and $${dollars.billed.toFixed(6)}`,
  ];
}

/** Of one consumer that fills Dify. */
export function difyLine({ requestsPerMinute, perSecond, seconds, refused }: DifyTaken): string {
  const used =
    requestsPerMinute === null
      ? "no limit"
      : `${requestsPerMinute} a minute, ${((6_000 * perSecond) / requestsPerMinute).toFixed(1)} % used`;
  return `Dify, ${used}: ${perSecond.toFixed(2)} documents a second over ${seconds} s, ${refused} creations refused or under way`;
}

/** Of loads beside embedders in trouble. */
export function outageLines(rounds: readonly OutageRound[]): string[] {
  const lineOf = (trouble: Trouble): string => {
    const loads = rounds.map((round) => round.loads[trouble]);
    const ratio = median(rounds.map((round) => round.loads[trouble].seconds / round.without));
    const waits = loads.reduce((sum, load) => sum + load.waits, 0);
    const looks = loads.reduce((sum, load) => sum + load.looks, 0);
    return `  Bedrock ${trouble}: ${seconds(loads)} s, ${ratio.toFixed(3)} × (paired); a loader waited for an embedder in ${waits} of ${looks} looks`;
  };
  return [
    `a load beside two embedders, median of ${rounds.length} interleaved pairs`,
    `  embeddings off: ${median(rounds.map(({ without }) => without)).toFixed(2)} s`,
    ...(["down", "slow", "throttling"] as const).map(lineOf),
  ];
}

/** Of a quota, used by so many embedders. */
export function quotaLine({
  requestsPerMinute,
  embedders,
  calls,
  used,
  throttled,
  seconds,
}: QuotaTaken): string {
  return `${requestsPerMinute} a minute, ${embedders} × ${calls} workers: ${percent(used)} used, ${percent(throttled)} answered 429, over ${seconds} s`;
}

/** Of a quota of 600 a minute, after the storm. */
export function stormLine(used: number): string {
  return `600 a minute, from 60 s after a storm of 30 s on: ${percent(used)} used`;
}

function seconds(loads: readonly { readonly seconds: number }[]): string {
  return median(loads.map((load) => load.seconds)).toFixed(2);
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
