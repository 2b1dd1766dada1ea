/** `npm run bench -- --loaders 1,2,4`: the whole run by the number of loaders, and the connections that were open at its end. */
import { type Taken, wholeRuns } from "./whole-run.ts";
import type { World } from "./world.ts";

interface Row extends Pick<Taken, "seconds" | "written" | "connections"> {
  readonly loaders: number;
}

/** A run on a new target for each of them, round by round. */
export async function byLoaders(
  world: World,
  loaders: readonly number[],
  rounds: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let round = 0; round < rounds; round++)
    for (const count of loaders)
      for (const taken of await wholeRuns(await world.newTarget(), count, 1))
        rows.push({ loaders: count, ...taken });
  return rows;
}

/** A line for each number of loaders: the median of its rounds. */
export function loadersReport(rows: readonly Row[]): string {
  const counts = [...new Set(rows.map(({ loaders }) => loaders))];
  return counts.map((count) => line(rows.filter(({ loaders }) => loaders === count))).join("");
}

function line(rows: readonly Row[]): string {
  const sorted = [...rows].sort((a, b) => a.seconds - b.seconds);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) return "";
  const { loaders, seconds, written, connections } = median;
  const rate = (written / seconds).toFixed(0);
  return `loaders ${loaders}: ${seconds.toFixed(2)} s, ${rate} rows a second, connections: legacy ${connections.legacy}, target ${connections.target}\n`;
}
