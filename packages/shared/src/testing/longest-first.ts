import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take half a minute or more, by the ends of their paths, the longest first. */
export const LONGEST: readonly string[] = [
  "readme/readme.test.ts",
  "chaos/random/random.test.ts",
  "test/src/dify.test.ts",
  "chaos/crashes.test.ts",
  "test/src/embeddings-chaos.test.ts",
  "test/src/platform/images.test.ts",
  "test/src/proof-of-vectors.test.ts",
  "test/src/doctor/doctor.test.ts",
  "test/src/rollback.test.ts",
  "test/src/cutover.test.ts",
  "test/src/cutover-stops.test.ts",
  "test/src/delta-circumstances.test.ts",
  "test/src/delta-everywhere.test.ts",
  "live-source/following.test.ts",
  "test/src/memory.test.ts",
  "chaos/scaling.test.ts",
  "chaos/versions.test.ts",
  "test/src/evidence.test.ts",
  "test/src/twin.test.ts",
  "test/src/changes.test.ts",
  "chaos/failpoints/failpoints.test.ts",
  "chaos/points.test.ts",
  "gone/archived.test.ts",
  "gone/limits.test.ts",
  "chaos/sigterm.test.ts",
  "test/src/leftovers/left-over.test.ts",
  "test/src/skip.test.ts",
  "test/src/adoption.test.ts",
  "platform/panels.test.ts",
  "chaos/refusals.test.ts",
  "chaos/logins.test.ts",
  "sample/same-everywhere.test.ts",
  "ledger/openings.test.ts",
  "ledger/server-log.test.ts",
  "queue/redis.test.ts",
  "cli/src/start-and-status.test.ts",
  "dashboard/questions.test.ts",
  "cli/src/commands.test.ts",
  "dashboard/look.test.ts",
  "test/src/tracing.test.ts",
  "ledger/matrix.test.ts",
  "test/src/whole.test.ts",
  "test/src/privacy.test.ts",
  "chaos/away.test.ts",
  "dify/trouble.test.ts",
  "test/src/wrong-input.test.ts",
  "test/src/ninth-entity.test.ts",
  "test/src/embeddings.test.ts",
  "chaos/sigterm-waiting.test.ts",
  "test/src/progress.test.ts",
  "ledger/migrate-existing.test.ts",
  "ledger/budget/quota.test.ts",
];

/** Long files begin first, so that none is left over at the end: vitest knows no durations before the first run of a clone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((end) => moduleId.endsWith(end));
  return at < 0 ? LONGEST.length : at;
}
