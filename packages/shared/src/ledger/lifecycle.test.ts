import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { entityArrows, isBlocked, isSettled, settled, statusesOf } from "../states/states.ts";
import { freshTarget } from "../testing/fresh-target.ts";
import { seedRun } from "../testing/seed-run.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const HOMES = ["batch", "entity", "run"].map(
  (noun) => `packages/shared/src/ledger/${noun}-lifecycle.ts`,
);

/** What makes a ledger for a test to look at. */
const MADE_FOR_TESTS = /\.test\.ts$|\.fixture\.ts$|\/testing\/|^(test|bench)\//;

const WRITES = [
  /update\s+migration\.(?:runs|run_entities|batches)\b(?:(?!\bwhere\b|`)[^])*?\bset\b(?:(?!\bwhere\b|\bfrom\b|`)[^])*?\bstatus\s*=/,
  /insert into migration\.(?:runs|run_entities|batches)\s*\([^)]*\bstatus\b/,
];

/** Whether an operator's waiver counts, spelled by hand: in SQL and in TypeScript, whichever of the two comes first. */
const SPELLS = [
  /\bstatus\s*=\s*'blocked'\s+and\s+(?:not\s+)?(?:[\w${}]+\.)?waived\b/,
  /\bwaived\s+and\s+(?:[\w${}]+\.)?status\s*=\s*'blocked'/,
  /=== "blocked"\s*&&\s*!?(?:\w+\.)*waived\b/,
  /\bwaived\s*&&\s*(?:\w+\.)*status === "blocked"/,
];

/** What is shipped, and holds one of these. */
function holders(patterns: readonly RegExp[]): string[] {
  const sources = execFileSync("git", ["ls-files", "*.ts", "*.tsx"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return sources
    .split("\n")
    .filter((path) => path !== "" && !MADE_FOR_TESTS.test(path))
    .filter((path) => patterns.some((one) => one.test(readFileSync(`${ROOT}${path}`, "utf8"))));
}

describe("a status", () => {
  it("is written by the lifecycles of runs, entities and batches, and by nobody else", () => {
    expect(holders(WRITES)).toEqual(HOMES);
  });

  it("is said to be blocked, waived or not, by the states and by nobody else", () => {
    expect(holders(SPELLS)).toEqual(["packages/shared/src/states/states.ts"]);
  });

  it.each([
    "select from run_entities where run_id = $1 and status = 'blocked' and not waived",
    "where e.status = 'blocked'\n       and e.waived",
    'one.status === "blocked" && !one.waived',
    "select from run_entities where not waived and status = 'blocked'",
    "where ${row}.waived\n       and ${row}.status = 'blocked'",
    '!one.waived && one.status === "blocked"',
    'one.status === "blocked" &&\n      !one.waived',
  ])("is found spelled in %s", (source) => {
    expect(SPELLS.some((spells) => spells.test(source))).toBe(true);
  });

  it.each([
    "update migration.batches b set attempts = 0, status = $1 where id = $2",
    "update migration.run_entities\n     set status = 'planned' where run_id = $1",
    "insert into migration.runs (embeddings, status) values (true, 'running')",
  ])("is found written in %s", (sql) => {
    expect(WRITES.some((write) => write.test(sql))).toBe(true);
  });

  it.each([
    "update migration.batches b set attempts = 0 where status = $1",
    "select from migration.runs where status = 'running'",
    "insert into migration.batches (run_id, entity) select 1, entity from migration.run_entities where status = $1",
  ])("is not found written in %s", (sql) => {
    expect(WRITES.some((write) => write.test(sql))).toBe(false);
  });
});

describe("an entity", () => {
  it("is settled in SQL as it is in TypeScript, in every status, waived or not", async (context) => {
    const target = await freshTarget(context);
    const entities = Object.fromEntries(
      statusesOf(entityArrows).map((status) => [status, { status }]),
    );
    await seedRun(target, { status: "running", entities });
    for (const waived of [false, true]) {
      await target.query("update migration.run_entities set waived = $1", [waived]);
      const found = await target.query<{ entity: string }>(
        `select entity from migration.run_entities e where ${settled("e")} order by position`,
      );
      const expected = statusesOf(entityArrows).filter((status) => isSettled({ status, waived }));
      expect(found.rows.map(({ entity }) => entity)).toEqual(expected);
      expect(expected).toEqual(
        waived ? ["complete", "blocked", "skipped"] : ["complete", "skipped"],
      );
    }
  });

  it("that is blocked needs a person until it is waived", () => {
    const blocked = (waived: boolean) =>
      statusesOf(entityArrows).filter((status) => isBlocked({ status, waived }));
    expect([blocked(false), blocked(true)]).toEqual([["blocked"], []]);
  });
});
