/** Numbers, times and tables for people. Plain text: no colours, nothing that a file or a pipe could choke on. */
import type { Forecast } from "@nexus/contract";

/** 12,345 */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** `email 3, name 12` */
export function countsInWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, rows]) => `${name} ${count(rows)}`)
    .join(", ");
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
] as const;

/** Seconds in the two largest units: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  for (const [index, [unit, size]] of UNITS.entries()) {
    if (seconds < size) continue;
    const whole = Math.floor(seconds / size);
    const [smaller, smallerSize] = UNITS[index + 1] ?? ["s", 1];
    const rest = Math.floor((seconds % size) / smallerSize);
    return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${smaller}`;
  }
  return `${Math.round(seconds)} s`;
}

/** What embedding will come to, before it begins: at most, because rows that did not change cost nothing. */
export function forecastWords(forecast: Forecast): string {
  const { items, uncounted } = forecast;
  if (uncounted.length === 0) return `to embed are at most ${amountOf(forecast, "")}`;
  const unknown = `what embedding ${uncounted.join(", ")} comes to is not known before the run has counted their rows; before a run, nexus forecast tells it`;
  return items === 0 ? unknown : `to embed are ${amountOf(forecast, " and more")}; ${unknown}`;
}

function amountOf({ items, calls, tokens, seconds, costUsd }: Forecast, more: string): string {
  const time = seconds === null ? "" : `, ${duration(seconds)} at the quota`;
  const price = costUsd === null ? "" : `, $${costUsd.toFixed(2)}`;
  return `${count(items)} items${more}: ${count(calls)} calls, ${count(tokens)} tokens${time}${price}`;
}

/** An instant to the second, in UTC. */
export function instant(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

type Cell = string | number | null;

/** Aligned columns under their headings: numbers to the right, nothing as a dash. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const texts = [headings, ...rows.map((row) => row.map(textOf))];
  const widths = headings.map((_, column) =>
    Math.max(...texts.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = headings.map((_, column) => rows.some((row) => typeof row[column] === "number"));
  return texts.map((row) =>
    row
      .map((cell, column) =>
        isNumber[column] === true
          ? cell.padStart(widths[column] ?? 0)
          : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

function textOf(cell: Cell): string {
  if (cell === null || cell === "") return "-";
  return typeof cell === "number" ? count(cell) : cell;
}
