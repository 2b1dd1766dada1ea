import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { beginRemarks, remarks } from "./test-run.ts";

/** Writes the last lines of a test run to `closing-lines.txt` in `folder`: the runner prints them when all else is said. */
export function closingLines(folder: string): Reporter {
  return {
    onInit: () => beginRemarks(folder),
    onTestRunEnd: (modules, unhandled) => {
      const lines = [
        ...remarks("measured"),
        ...kept(),
        ...missing(),
        ...failed(modules),
        `stacks used: ${used() || "none"}`,
        count(modules, unhandled),
      ];
      if (modules.length === 0) process.exitCode = 1; // A misspelt path must not pass.
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "closing-lines.txt"), `${lines.join("\n")}\n`);
      writeFileSync(join(folder, "failed-files.txt"), failedFiles(modules));
    },
  };
}

function failed(modules: readonly TestModule[]): string[] {
  return modules.flatMap((module) => {
    const tests = [...module.children.allTests("failed")].map(({ fullName }) => ` > ${fullName}`);
    const named = tests.length > 0 || module.ok() ? tests : [""]; // A file that broke outside of its tests.
    return named.map((name) => `failed: ${module.relativeModuleId}${name}`);
  });
}

/** A path a line: what CI runs once more, whole and in a new process. */
function failedFiles(modules: readonly TestModule[]): string {
  return modules.flatMap((module) => (module.ok() ? [] : [`${module.moduleId}\n`])).join("");
}

/** `servers: Redis 7.0.15` and `servers: PostgreSQL 15.13` become `servers (PostgreSQL 15.13, Redis 7.0.15)`. */
function used(): string {
  const parts = new Map<string, Set<string>>();
  for (const line of remarks("stack used")) {
    const [stack = "", madeOf = ""] = line.split(": ");
    const known = parts.get(stack) ?? new Set();
    parts.set(stack, known);
    for (const part of madeOf.split(", ")) known.add(part);
  }
  return [...parts]
    .map(([stack, madeOf]) => `${stack} (${[...madeOf].sort().join(", ")})`)
    .join(", ");
}

function kept(): string[] {
  const folders = remarks("folder kept").map((folder) => `folder of a server, kept: ${folder}`);
  const end =
    folders.length > 0
      ? ""
      : " (gone with its server, unless TEST_DATABASE_URL names one; NEXUS_KEEP=1 keeps the folder)";
  return [
    ...folders,
    ...remarks("database kept").map((url) => `database of a failed test: ${url}${end}`),
  ];
}

function missing(): string[] {
  return remarks("stack missing").map((reason) => `tests were skipped: ${reason}`);
}

/** A file or a suite that broke outside of its tests counts as one failed test, and so does an error nobody caught. */
function count(modules: readonly TestModule[], unhandled: readonly SerializedError[]): string {
  const counts = { passed: 0, failed: unhandled.length, skipped: 0 };
  for (const module of modules) {
    const suites = [module, ...module.children.allSuites()];
    counts.failed += suites.filter((suite) => suite.errors().length > 0).length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === "pending" ? "skipped" : state] += 1;
    }
  }
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
