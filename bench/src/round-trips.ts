/** `npm run bench -- --rtt 0,20`: a first run and an unchanged one with two loaders, the servers so many milliseconds away. */
import type { Servers } from "@nexus/local/services";
import { openLine } from "@nexus/shared/testing";
import { median } from "./report.ts";
import { wholeRuns } from "./whole-run.ts";
import type { World } from "./world.ts";

/** Seconds. */
interface Row {
  readonly round: number;
  /** Milliseconds from a question to the begin of its answer, beside the server's own. */
  readonly rttMs: number;
  readonly first: number;
  readonly rerun: number;
}

/** A new target for each of them, round by round: so a slow spell of the machine meets all. Through a line without delay, too. */
export async function byRoundTrip(
  world: World,
  times: readonly number[],
  rounds: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let round = 0; round < rounds; round++)
    for (const rttMs of times) {
      const { servers, close } = await away(await world.newTarget(), rttMs / 2);
      try {
        const [first, rerun] = await wholeRuns(servers, 2, 2);
        if (first === undefined || rerun === undefined) throw new Error("a run is missing");
        rows.push({ round, rttMs, first: first.seconds, rerun: rerun.seconds });
      } finally {
        await close();
      }
    }
  return rows;
}

async function away(
  { legacyUrl, targetUrl, queueUrl }: Servers,
  delayMs: number,
): Promise<{ servers: Servers; close: () => Promise<void> }> {
  const lines = await Promise.all(
    [legacyUrl, targetUrl, queueUrl].map((url) => openLine(url, { delayMs })),
  );
  const [legacy = legacyUrl, target = targetUrl, queue = queueUrl] = lines.map(({ url }) => url);
  return {
    servers: { legacyUrl: legacy, targetUrl: target, queueUrl: queue },
    close: async () => {
      await Promise.all(lines.map((line) => line.cut()));
    },
  };
}

/** A line for each round-trip time: medians, and what they are of the first one's in the same round. */
export function roundTripsReport(rows: readonly Row[]): string {
  const times = [...new Set(rows.map(({ rttMs }) => rttMs))];
  const [nearest] = times;
  return times
    .map((rttMs) => {
      const own = rows.filter((row) => row.rttMs === rttMs);
      const ratio = (of: (row: Row) => number): string =>
        median(own.map((row) => of(row) / of(beside(rows, row.round, nearest)))).toFixed(2);
      const first = median(own.map((row) => row.first)).toFixed(2);
      const rerun = median(own.map((row) => row.rerun)).toFixed(2);
      return `round trips of ${rttMs} ms: first ${first} s (${ratio((row) => row.first)} x), unchanged ${rerun} s (${ratio((row) => row.rerun)} x)\n`;
    })
    .join("");
}

function beside(rows: readonly Row[], round: number, rttMs: number | undefined): Row {
  const found = rows.find((row) => row.round === round && row.rttMs === rttMs);
  if (found === undefined) throw new Error("a round without its first run");
  return found;
}
