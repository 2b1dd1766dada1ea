/** What the bench of search prints. */
import type { Asked, SearchTaken } from "./search-measure.ts";

interface SearchMeasured extends SearchTaken {
  readonly madeOf: string;
  readonly indexSeconds: number;
}

/** The report as text, or as one JSON object. */
export function searchReport(measured: SearchMeasured, asJson: boolean): string {
  const { madeOf, indexSeconds, asked, bySize, everyPractice } = measured;
  const all = summary(asked);
  const sizes = [...new Set(bySize.map(({ size }) => size))];
  const perSize = sizes.map((size) => ({
    size,
    ...summary(bySize.filter((one) => one.size === size)),
  }));
  if (asJson) return `${JSON.stringify({ madeOf, indexSeconds, all, perSize, everyPractice })}\n`;
  return `${[
    `search over ${madeOf}, from request to answer, ${asked.length} queries to practices drawn by their size`,
    `index built in ${indexSeconds.toFixed(0)} s`,
    `p50 ${all.p50.toFixed(1)} ms, p95 ${all.p95.toFixed(1)} ms, recall@10 ${all.recall.toFixed(4)}`,
    ...perSize.map(
      ({ size, p50, p95, recall }) =>
        `  practice of ${String(size).padStart(6)}: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, recall@10 ${recall.toFixed(4)}`,
    ),
    `k of k: ${everyPractice.full} of ${everyPractice.practices} practices; rows of other practices: ${everyPractice.foreign}`,
  ].join("\n")}\n`;
}

function summary(asked: readonly Asked[]) {
  const times = asked.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const sum = (of: (one: Asked) => number): number =>
    asked.reduce((total, one) => total + of(one), 0);
  return {
    p50: at(0.5),
    p95: at(0.95),
    recall: sum(({ right }) => right) / sum(({ wanted }) => wanted),
  };
}
