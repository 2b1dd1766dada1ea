/** What a bench prints: medians, ratios paired in their round, and everything as JSON for those who want to look closer. */
import type { Proved } from "./proved-run.ts";
import type { Taken } from "./whole-run.ts";

/** One round: the floor, a run with two loaders, the same again unchanged, a run with one loader, and a run with two between its proofs. */
export interface Round {
  readonly floorSeconds: number;
  readonly one: Taken;
  readonly two: Taken;
  readonly rerun: Taken;
  readonly proved: Proved;
}

export interface Measured {
  readonly scale: number;
  readonly madeOf: string;
  readonly rounds: readonly Round[];
  /** Bytes. */
  readonly redisPeak: number;
}

/** The report as text, or as one JSON object. */
export function report(measured: Measured, asJson: boolean): string {
  return asJson ? `${JSON.stringify({ ...summary(measured), ...measured })}\n` : text(measured);
}

function summary({ rounds, redisPeak }: Measured) {
  const memory = rounds.flatMap(({ one, two }) => [
    ...Object.values(one.memory),
    ...Object.values(two.memory),
  ]);
  return {
    floorSeconds: median(rounds.map((round) => round.floorSeconds)),
    twoLoadersSeconds: median(rounds.map((round) => round.two.seconds)),
    oneLoaderSeconds: median(rounds.map((round) => round.one.seconds)),
    rerunSeconds: median(rounds.map((round) => round.rerun.seconds)),
    twoLoadersToFloor: median(rounds.map((round) => round.two.seconds / round.floorSeconds)),
    oneLoaderToFloor: median(rounds.map((round) => round.one.seconds / round.floorSeconds)),
    rerunToFirst: median(rounds.map((round) => round.rerun.seconds / round.two.seconds)),
    rerunWritten: Math.max(...rounds.map((round) => round.rerun.written)),
    rowsPerSecond: median(rounds.map((round) => round.two.written / round.two.seconds)),
    servicePeakMegabytes: Math.max(...memory) / 1_048_576,
    redisPeakMegabytes: redisPeak / 1_048_576,
  };
}

function text(measured: Measured): string {
  const found = summary(measured);
  const { rounds, madeOf, scale } = measured;
  return `${[
    `scale ${scale} on ${madeOf}, median of ${rounds.length} paired rounds`,
    line("floor (one psql session)", seconds(found.floorSeconds)),
    line(
      "whole run, two loaders",
      seconds(found.twoLoadersSeconds),
      `${found.twoLoadersToFloor.toFixed(2)} × floor`,
    ),
    line(
      "whole run, one loader",
      seconds(found.oneLoaderSeconds),
      `${found.oneLoaderToFloor.toFixed(2)} × floor`,
    ),
    line(
      "unchanged re-run",
      seconds(found.rerunSeconds),
      `${found.rerunToFirst.toFixed(2)} × first, ${found.rerunWritten} rows written`,
    ),
    line("target rows a second", found.rowsPerSecond.toFixed(0)),
    line("largest service process", megabytes(found.servicePeakMegabytes)),
    line("Redis at its peak", megabytes(found.redisPeakMegabytes)),
    ...provedLines(rounds.map(({ proved }) => proved)),
    ...perEntity(rounds),
  ].join("\n")}\n`;
}

/** What the second bookkeeping takes, each proof beside the load of its own round. */
export function provedLines(rounds: readonly Proved[]): string[] {
  const ratio = (of: (proved: Proved) => number): string =>
    `${median(rounds.map((one) => of(one) / one.load.seconds)).toFixed(2)} × load`;
  const middle = (of: (proved: Proved) => number): string => seconds(median(rounds.map(of)));
  const peak = (of: (proved: Proved) => number): string =>
    megabytes(Math.max(...rounds.map(of)) / 1_048_576);
  const differences = Math.max(...rounds.map((one) => one.differences));
  return [
    line(
      "load between its proofs",
      middle(({ load }) => load.seconds),
    ),
    line(
      "forecast",
      middle((one) => one.forecastSeconds),
      ratio((one) => one.forecastSeconds),
    ),
    line(
      "verification",
      middle((one) => one.verifySeconds),
      `${ratio((one) => one.verifySeconds)}, ${differences} differences`,
    ),
    line(
      "extractor that forecasts",
      peak(({ memory }) => memory.forecast),
      "at its peak",
    ),
    line(
      "extractor that verifies",
      peak(({ memory }) => memory.verification),
      "at its peak",
    ),
  ];
}

/** Seconds from opening to settling of each entity, in the last round's run with two loaders. */
function perEntity(rounds: readonly Round[]): string[] {
  return (rounds.at(-1)?.two.entities ?? []).map((one) =>
    line(`  ${one.entity}`, seconds(one.seconds)),
  );
}

/** A figure with what it is of, and what it means. */
export function line(what: string, figure: string, more = ""): string {
  return `${what.padEnd(28)}${figure.padStart(12)}  ${more}`.trimEnd();
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

/** In words. */
export function megabytes(value: number): string {
  return `${value.toFixed(0)} MB`;
}

/** The upper one of two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
