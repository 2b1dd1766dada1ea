/** `--proofs`: what forecast and verification take beside the load, at one scale or at several, and how that grows with the rows. */
import { type Proved, provedRun } from "./proved-run.ts";
import { line, megabytes, median, provedLines } from "./report.ts";
import { openWorld } from "./world.ts";

interface ProvedAtScale {
  readonly scale: number;
  readonly madeOf: string;
  readonly rounds: readonly Proved[];
}

/** One scale after the other, each with servers of its own. Without the floor: a round takes a third of the time. */
export async function proofsByScale(
  scales: readonly number[],
  rounds: number,
): Promise<ProvedAtScale[]> {
  const measured: ProvedAtScale[] = [];
  for (const scale of scales) {
    const world = await openWorld(scale);
    try {
      const proved: Proved[] = [];
      for (let n = 0; n < rounds; n++) proved.push(await provedRun(await world.newTarget()));
      measured.push({ scale, madeOf: world.madeOf, rounds: proved });
    } finally {
      await world.stop();
    }
  }
  return measured;
}

/** As text, or as one JSON object. */
export function proofsReport(measured: readonly ProvedAtScale[], asJson: boolean): string {
  if (asJson) return `${JSON.stringify({ scales: measured })}\n`;
  const lines = measured.flatMap(({ scale, madeOf, rounds }) => [
    `scale ${scale} on ${madeOf}, median of ${rounds.length} rounds`,
    ...provedLines(rounds),
  ]);
  return `${[...lines, ...growthLines(measured)].join("\n")}\n`;
}

/** The last scale beside the first. */
function growthLines(measured: readonly ProvedAtScale[]): string[] {
  const [first, last] = [measured[0], measured.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const times = (of: (proved: Proved) => number): string => {
    const [before, after] = [median(first.rounds.map(of)), median(last.rounds.map(of))];
    return `${(after / before).toFixed(2)} ×`;
  };
  const more = ({ memory }: Proved): number => Math.max(memory.forecast, memory.verification);
  const [small, large] = [first, last].map(({ rounds }) => Math.max(...rounds.map(more)));
  return [
    `scale ${last.scale} ÷ scale ${first.scale}`,
    line(
      "load",
      times(({ load }) => load.seconds),
    ),
    line(
      "forecast",
      times((one) => one.forecastSeconds),
    ),
    line(
      "verification",
      times((one) => one.verifySeconds),
    ),
    line("extractor that proves", megabytes(((large ?? 0) - (small ?? 0)) / 1_048_576), "more"),
  ];
}
