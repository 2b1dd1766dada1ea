/** Logins that are refused in the middle of a run, and roles that may have few connections: everything waits, and goes on. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPool } from "@nexus/shared/database";
import { currentHolds } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  alive,
  type Arena,
  beginAnew,
  breakable,
  expectTheSame,
  extraAttempts,
  openArena,
} from "./arena.ts";

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
describe.skipIf(!breakable)("a reader of the source", () => {
  let arena: Arena;
  const folder = mkdtempSync(join(tmpdir(), "nexus-logins-"));
  const file = join(folder, "legacy-url");
  const logins = new Map<string, string>();
  /** As whoever rotates credentials does: the file of the secret is replaced. */
  const give = (role: string): void => writeFileSync(file, `${logins.get(role)}\n`);

  beforeAll(async () => {
    arena = await openArena({
      sample: { scale: 0.002, seed: 29 },
      // With one connection each step of an entity waits until another process gives it back, after 2 s.
      run: { only: ["practices", "profiles", "patients"] },
      env: { BATCH_ROWS: "100", LEGACY_URL: "", LEGACY_URL_FILE: file },
      prepare: async ({ legacyUrl }) => {
        const owner = openPool({ url: legacyUrl, max: 1, name: "test", onError: () => undefined });
        for (const role of ["nexus_old", "nexus_new"]) {
          await owner.query(
            `create role ${role} login; grant select on all tables in schema public to ${role}`,
          );
          const url = new URL(legacyUrl);
          url.username = role;
          logins.set(role, url.href);
        }
        await owner.end();
        give("nexus_old");
        return {};
      },
    });
  });
  afterAll(async () => {
    await arena.journey.close();
    rmSync(folder, { recursive: true });
  });

  it("whose login is replaced in the middle of a run waits for the new one, which is read without a restart", async () => {
    const { journey } = arena;
    await journey.legacy.query(
      `alter role nexus_old nologin;
       select pg_terminate_backend(pid) from pg_stat_activity where usename = 'nexus_old'`,
    );
    const runId = await beginAnew(journey);
    const holds = await eventually(() => currentHolds(journey.target), {
      until: ({ length }) => length > 0,
      within: 30_000,
    });
    expect(holds).toMatchObject([{ server: "source", code: "28000" }]);
    give("nexus_new");
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it.each([1, 3])(
    "whose limit is %s shares that among all processes, those that start among them",
    async (limit) => {
      const { journey } = arena;
      give("nexus_new");
      for (const service of await alive(journey)) await service.kill("SIGTERM");
      await journey.legacy.query(`alter role nexus_new connection limit ${limit}`);
      await Promise.all([
        journey.start("extractor"),
        journey.start("loader"),
        journey.start("loader"),
      ]);
      const runId = await beginAnew(journey);
      await expectTheSame(arena, runId, 90_000);
      expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
    },
  );
});
