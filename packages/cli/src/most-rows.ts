/** Entities of which most rows were turned away or lost a value, all for reasons that are foreseen: no single row tells that something is wrong. */
import { noteKind, reasonKind } from "@nexus/catalog";
import { count } from "./words.ts";

/** Below that many rows a share says little. */
const FEWEST = 10;

interface Sum {
  readonly entity: string;
  readonly read: number;
  readonly loaded: number;
  readonly rejected: number;
  readonly parked: number;
  readonly noted: number;
  /** Of a delta: rows that it did not read. What it reads need not be like them. */
  readonly unchanged?: number | undefined;
}

/** What happened to rows of a run, counted. */
export interface Reasons {
  /** Other kinds than rows that were turned away are left out of account. */
  readonly shortfalls: readonly {
    readonly entity: string;
    readonly kind: string;
    readonly reason: string;
    readonly rows: number;
    readonly resolved: number;
  }[];
  readonly repairs: readonly {
    readonly entity: string;
    readonly code: string;
    readonly column: string;
    readonly rows: number;
  }[];
}

export interface MostRows {
  readonly code: "most_rows_turned_away" | "most_rows_noted";
  readonly entity: string;
  readonly says: string;
  readonly next: string;
}

/** Whether the sums of an entity leave it possible: then its reasons are worth a query. */
export function maybeMost({ read, loaded, rejected, parked, noted, unchanged = 0 }: Sum): boolean {
  if (unchanged > 0) return false;
  return isMost(rejected + parked, read) || isMost(noted, loaded);
}

/** What was found, in the order of the entities. */
export function mostRows(sums: readonly Sum[], reasons: Reasons): MostRows[] {
  return sums.flatMap((sum) => [...turnedAway(sum, reasons), ...noted(sum, reasons)]);
}

/** Half of them, or more. */
function isMost(rows: number, of: number): boolean {
  return rows >= FEWEST && rows * 2 >= of;
}

function turnedAway({ entity, read }: Sum, { shortfalls }: Reasons): MostRows[] {
  const byReason = new Map<string, number>();
  for (const one of shortfalls.filter((one) => one.entity === entity && isForeseen(one)))
    byReason.set(one.reason, (byReason.get(one.reason) ?? 0) + one.rows - one.resolved);
  const rows = [...byReason.values()].reduce((sum, some) => sum + some, 0);
  const [most] = [...byReason].sort(([, a], [, b]) => b - a);
  if (most === undefined || !isMost(rows, read)) return [];
  const [reason, times] = most;
  return [
    {
      code: "most_rows_turned_away",
      entity,
      says: `${entity}: ${count(rows)} of ${count(read)} rows were rejected or parked, most of them as ${reason} (${count(times)}): each is foreseen, so many may be a mistake`,
      next: `nexus exceptions ${entity}; see whether the tables and parents that it is read with hold what they should`,
    },
  ];
}

function isForeseen({ kind, reason }: Reasons["shortfalls"][number]): boolean {
  return kind === "parked" || (kind === "rejected" && reasonKind(reason) === "foreseen");
}

function noted({ entity, loaded }: Sum, { repairs }: Reasons): MostRows[] {
  return repairs
    .filter((one) => one.entity === entity && noteKind(one.code) === "lost")
    .filter(({ rows }) => isMost(rows, loaded))
    .map(({ code, column, rows }) => ({
      code: "most_rows_noted",
      entity,
      says: `${entity}: ${count(rows)} of ${count(loaded)} rows that were loaded lost the value of ${column} (${code}): each is foreseen, so many may be a mistake`,
      next: `see what the source holds there; nexus report has the counts of all notes`,
    }));
}
