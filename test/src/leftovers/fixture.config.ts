import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The fixtures of one ending in the order of their names, in one process, set up as all tests are. */
class ByName extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId)));
  }
}

const root = join(import.meta.dirname, "../../..");

export default defineConfig({
  root,
  test: {
    include: [`test/src/leftovers/${process.env["ENDING"]}*.fixture.ts`],
    globalSetup: "packages/shared/src/testing/global-setup.ts",
    setupFiles: "packages/shared/src/testing/worker-setup.ts",
    maxWorkers: 1,
    isolate: false,
    sequence: { sequencer: ByName },
    testTimeout: 600_000,
  },
});
