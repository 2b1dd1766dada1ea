import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { withoutPgDump } from "../testing/binaries.ts";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import { openPool, type Pool } from "./pool.ts";
import { preflightBackup } from "./preflight-backup.ts";

let target: Pool;
let folder: string;

beforeEach(async (context) => {
  target = await opened(context);
  folder = await mkdtemp(join(tmpdir(), "nexus-backups-"));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

async function opened(context: TestContext): Promise<Pool> {
  const url = await freshDatabase(context);
  const pool = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
  context.onTestFinished(() => pool.end());
  return pool;
}

async function look(given: { readonly BACKUP_TO?: string; readonly BACKUP_COMMAND?: string }) {
  const { BACKUP_TO, BACKUP_COMMAND } = given;
  const settings = { BACKUP: "pg_dump", BACKUP_TO, BACKUP_COMMAND, BACKUP_SILENCE_MS: 1 } as const;
  return await preflightBackup(settings, target);
}

describe("with BACKUP=pg_dump", () => {
  it("a folder does, and a command with whatever it understands", async (context) => {
    const missing = withoutPgDump();
    if (missing !== undefined) context.skip(missing);
    expect(await look({ BACKUP_TO: `${folder}/` })).toMatchObject({ to: folder });
    const command = { BACKUP_TO: "s3://bucket/a/", BACKUP_COMMAND: "cat" };
    expect(await look(command)).toMatchObject({ to: "s3://bucket/a", command: "cat" });
  });

  it.each([
    [{}, "BACKUP_TO is missing"],
    [{ BACKUP_TO: "backups" }, "BACKUP_TO is no folder"],
    [{ BACKUP_TO: "s3://bucket" }, "BACKUP_TO is no folder"],
    [{ BACKUP_TO: "ftp://sam:s3cret@host/", BACKUP_COMMAND: "cat" }, "BACKUP_TO holds a password"],
    [{ BACKUP_TO: "/nowhere/at/all" }, "BACKUP_TO: nothing can be written to that folder (ENOENT)"],
  ])("%j is refused: %s", async (given, says) => {
    const refused = look(given);
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.not.toThrow("s3cret");
  });

  it("a machine without pg_dump is refused", async (context) => {
    vi.stubEnv("PATH", folder);
    context.onTestFinished(() => void vi.unstubAllEnvs());
    await expect(look({ BACKUP_TO: folder })).rejects.toThrow(
      "pg_dump cannot be run here (ENOENT)",
    );
  });

  it("a pg_dump that is older than the server is refused", async (context) => {
    const old = join(folder, "pg_dump");
    await writeFile(old, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n", { mode: 0o755 });
    vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`);
    context.onTestFinished(() => void vi.unstubAllEnvs());
    await expect(look({ BACKUP_TO: folder })).rejects.toThrow("pg_dump 9 does not read the target");
  });
});
