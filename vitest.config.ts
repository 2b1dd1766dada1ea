import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./packages/shared/src/testing/longest-first.ts";
import { closingLines } from "./packages/shared/src/testing/closing-lines.ts";

/** `NEXUS_RESULTS` names a folder in it, for the parts of `.ci/run` that come after the whole. */
const results = join(import.meta.dirname, "test-results", process.env["NEXUS_RESULTS"] ?? "");

export default defineConfig({
  test: {
    include: ["{packages,services}/*/src/**/*.test.ts", "{bench,test}/src/**/*.test.ts"],
    exclude: ["**/dist/**", "**/node_modules/**"],
    globalSetup: "packages/shared/src/testing/global-setup.ts",
    setupFiles: "packages/shared/src/testing/worker-setup.ts",
    reporters: ["default", closingLines(results)],
    // A slow machine turns no test red: what stands still is given up by `eventually`, long before. No retries: each would go on with what the first try left.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // A file whose suites need what this machine lacks has none. A run without any file fails all the same (closing-lines.ts).
    passWithNoTests: true,
    // Journeys also wait (for ticks, starts, probes): a third process uses what two leave of two processors.
    maxWorkers: 3,
    // A process for each file loads the same modules again: 15 s of a processor for 59 files (measured). No test changes what modules hold.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
});
