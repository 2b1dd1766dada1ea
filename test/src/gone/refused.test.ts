/** What an extractor cannot do about gone rows, or before a run, it says at its start, in words. */
import { serviceToRun } from "@nexus/local/services";
import { migrateTarget } from "@nexus/shared/ledger";
import { entities } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { makeSample } from "@nexus/local/sample";
import { type RunningStack, spawnService } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "../embedded-stack.ts";

describe("an extractor with the embedded target", () => {
  let stack: RunningStack;

  beforeAll(async () => {
    stack = await embedded.start();
    await makeSample({ url: stack.legacyUrl, scale: 0.01, seed: 1, shape: "real" });
    await withPool({ url: stack.targetUrl, max: 2, name: "nexus-test" }, (target) =>
      migrateTarget({ target, entities }),
    );
  });
  afterAll(() => stack?.stop());

  it.each([
    [{ GONE_POLICY: "case=delete" }, "GONE_POLICY must name one of", 'not "case"'],
    [
      { GONE_POLICY: "cases=drop" },
      "GONE_POLICY must give cases one of report, archive, delete",
      "",
    ],
    [
      { GONE_POLICY: "cases=archive,practices=archive" },
      "GONE_POLICY: practices cannot be archived",
      "alter table public.practices add column archived_at timestamptz",
    ],
    [
      { BACKUP: "pg_dump", BACKUP_TO: "/tmp" },
      "BACKUP=pg_dump: the target is the embedded PostgreSQL, which pg_dump cannot read",
      "set BACKUP=off",
    ],
  ])("does not start with %o", async (wrong, ...says) => {
    const { main, env } = serviceToRun("extractor", stack, wrong);
    const { exited, output } = spawnService({ name: "extractor", main, env });
    expect(await exited).toEqual({ code: 2, signal: null });
    for (const words of says) expect(output().replaceAll("\\", "")).toContain(words);
  });
});
