/** The table of docs/chaos.md: a row for each point, and a line for the schedules, as the newest run that came to them left them. */
import { type Failpoint, FAILPOINTS } from "@nexus/shared/runtime";
import type { Done } from "./record.ts";
import { failpoints } from "./round.ts";
import { sceneOf } from "./scenes.ts";
import { sumOf, type Tally } from "./tally.ts";

const BEGIN = "<!-- written by npm run chaos:table -->";
const END = "<!-- end -->";
const HEAD =
  "| point | where the process is when it dies | process | kills | rounds | seconds | rows compared | lost | twice |";

interface Counts extends Tally {
  readonly kills: number;
  readonly rounds: number;
  readonly seconds: number;
}

const NONE: Counts = { kills: 0, rounds: 0, seconds: 0, compared: 0, lost: 0, twice: 0 };

/** The page with what was done since; what was not done again stays as it is, and what never was has no kills. */
export function withTable(page: string, done: readonly Done[]): string {
  const [before = "", rest = ""] = page.split(BEGIN);
  const [table = "", after = ""] = rest.split(END);
  const counts = failpoints.map((point) => countsOf(point, done) ?? countsIn(table, point));
  const rows = failpoints.map((point, nth) => {
    const { kills, rounds, seconds, compared, lost, twice } = counts[nth] ?? NONE;
    const cells = [`\`${point}\``, FAILPOINTS[point], sceneOf(point).victim, kills, rounds];
    return `| ${[...cells, seconds.toFixed(1), compared, lost, twice].join(" | ")} |`;
  });
  const schedules = schedulesOf(done) ?? /^Schedules: .*$/m.exec(table)?.[0] ?? "Schedules: none.";
  const lines = [
    BEGIN,
    sumOfAll(counts, done, table),
    schedules,
    "",
    HEAD,
    "|---|---|---|---|---|---|---|---|---|",
  ];
  return `${before}${[...lines, ...rows, END].join("\n")}${after}`;
}

/** The points of the page's table. */
export function pointsOf(page: string): string[] {
  return [...page.matchAll(/^\| `([a-z.]+)` \|/gm)].map(([, name = ""]) => name);
}

/** So many kills make a point one that has held. */
const HELD = 5;

/** The points at which somebody was killed in the last full run, and all was well. */
export function tried(page: string): Failpoint[] {
  return failpoints.filter((point) => countsIn(page, point).kills >= HELD);
}

function countsOf(point: string, done: readonly Done[]): Counts | undefined {
  return done.flatMap((one) => ("point" in one && one.point === point ? [one] : [])).at(-1);
}

function countsIn(table: string, point: string): Counts {
  const row = table.split("\n").find((line) => line.startsWith(`| \`${point}\` |`)) ?? "";
  const numbers = row.split(" | ").slice(3).map(Number.parseFloat);
  const [kills = 0, rounds = 0, seconds = 0, compared = 0, lost = 0, twice = 0] = numbers;
  return { kills, rounds, seconds, compared, lost, twice };
}

function schedulesOf(done: readonly Done[]): string | undefined {
  const played = new Map(done.flatMap((one) => ("schedule" in one ? [[one.schedule, one]] : [])));
  if (played.size === 0) return undefined;
  const all = [...played.values()];
  const seeds = all.map(({ schedule }) => schedule);
  const [kills, seconds] = [sum(all.map((one) => one.kills)), sum(all.map((one) => one.seconds))];
  return `Schedules: ${all.length} (seeds ${Math.min(...seeds)} to ${Math.max(...seeds)}), ${kills} kills, ${Math.round(seconds)} s. ${inWords(sumOf(all))}`;
}

/** Some points compare otherwise: with the former target, or with what was embedded. */
function inWords({ compared, lost, twice }: Tally): string {
  return `Rows compared: ${compared}. Lost rows: ${lost}. Rows twice: ${twice}.`;
}

function sumOfAll(counts: readonly Counts[], done: readonly Done[], table: string): string {
  const killedAt = counts.filter(({ kills }) => kills > 0).length;
  const kills = sum(counts.map((one) => one.kills));
  const seconds = Math.round(sum(counts.map((one) => one.seconds)));
  const hash = done.at(-1)?.hash ?? /Hash of the target: `(\w+)`/.exec(table)?.[1] ?? "none";
  return `Points: killed at ${killedAt} of ${counts.length}, ${kills} kills, ${seconds} s. ${inWords(sumOf(counts))} Hash of the target: \`${hash}\`, after each round.`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
