import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What the processes of one test run tell each other: variables set by the global setup, and files in the results folder. */
export const testRun = {
  /** What the names of this run's databases begin with. */
  prefix: (): string => `nexus_${process.env["NEXUS_TEST_RUN"] ?? "local"}`,
  postgresUrl: (): string | undefined => process.env["TEST_DATABASE_URL"],
  /** A data folder that new servers begin with a copy of. */
  postgresData: (): string | undefined => process.env["NEXUS_TEST_POSTGRES_DATA"],
  sharePostgresData: (folder: string): void =>
    void (process.env["NEXUS_TEST_POSTGRES_DATA"] = folder),
  /** Why no test has vectors on real servers; undefined where they can be had. */
  withoutVectors: (): string | undefined => process.env["NEXUS_TEST_WITHOUT_VECTORS"],
  leaveVectorsOut: (reason: string): void =>
    void (process.env["NEXUS_TEST_WITHOUT_VECTORS"] = reason),
  redisUrl: (): string | undefined => process.env["TEST_REDIS_URL"],
};

/** Things worth a closing line, each said once however many tests say it. */
export type Remark = "stack used" | "stack missing" | "database kept" | "folder kept" | "measured";

/** Empties the results folder and names it to the processes of this run. */
export function beginRemarks(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  process.env["NEXUS_TEST_RESULTS"] = folder;
}

/** Outside of a run nobody listens, and nothing is written. */
export function remark(kind: Remark, text: string): void {
  const folder = process.env["NEXUS_TEST_RESULTS"];
  if (!folder) return;
  mkdirSync(folder, { recursive: true }); // Another run of this clone may have emptied it.
  appendFileSync(fileOf(folder, kind), `${text}\n`);
}

/** The remarks of this run, sorted, without repetitions. */
export function remarks(kind: Remark): string[] {
  const file = fileOf(process.env["NEXUS_TEST_RESULTS"] ?? "", kind);
  if (!existsSync(file)) return [];
  return [...new Set(readFileSync(file, "utf8").split("\n").filter(Boolean))].sort();
}

function fileOf(folder: string, kind: Remark): string {
  return join(folder, `${kind.replaceAll(" ", "-")}.txt`);
}
