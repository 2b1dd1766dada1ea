/** Numbers, times and names as the report says them. */
import type { Eta } from "@nexus/contract";

/** 12345 is 12,345. */
export function inWords(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${inWords(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A share with its decimal; it was rounded down when it was made. */
export function percent(share: number | null): string {
  return share === null ? "not known yet" : `${share === 100 ? "100" : share.toFixed(1)} %`;
}

/** Seconds as the two largest units. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The likely seconds with their interval. */
export function estimated({ seconds, earliest, latest }: Eta): string {
  return `about ${duration(seconds)} (${duration(earliest)} to ${duration(latest)})`;
}

/** Millionths of a dollar, exactly. */
export function money(microdollars: number): string {
  return `USD ${(microdollars / 1e6).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;
}

/** An instant to the minute, in UTC. */
export function moment(instant: string): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `complete_with_exceptions` is "complete with exceptions". */
export function plain(code: string): string {
  return code.replaceAll("_", " ");
}

/** `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
