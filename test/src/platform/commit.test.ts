/** From which commit a build is, as evidence says it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRelease } from "@nexus/shared/ledger";
import { runCommand } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { read, ROOT } from "./files.ts";

const SCRIPT = join(ROOT, "packages/local/commit.mjs");

let folder: string;
beforeEach((context) => {
  folder = mkdtempSync(join(tmpdir(), "nexus-commit-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** Its first line, of a command that ends well. */
async function says(command: string, args: readonly string[], env = {}): Promise<string> {
  const all = { PATH: process.env["PATH"], ...env };
  const { code, stdout, stderr } = await runCommand(command, args, { cwd: folder, env: all });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n")[0] ?? "";
}

const commit = (of: string, env?: Readonly<Record<string, string>>) =>
  says(process.execPath, [SCRIPT, of], env);

async function clone(): Promise<string> {
  const git = (...args: string[]) =>
    says("git", ["-c", "user.name=test", "-c", "user.email=test@example.org", ...args]);
  await git("init", "--quiet");
  writeFileSync(join(folder, "file"), "one");
  await git("add", "file");
  await git("commit", "--quiet", "--message", "One");
  await git("tag", "--annotate", "--message", "one", "v1");
  return await git("rev-parse", "HEAD");
}

describe("the commit of a build", () => {
  it("is what the clone has checked out, and says whether files were changed since", async () => {
    const head = await clone();
    expect(await commit(folder)).toBe(head);
    writeFileSync(join(folder, "file"), "two");
    expect(await commit(folder)).toBe(`${head}-dirty`);
  });

  it("is what the build of an image is told, and nothing else that it is told", async () => {
    const told = "0123456789abcdef0123456789abcdef01234567";
    expect(await commit(folder, { NEXUS_COMMIT: told })).toBe(told);
    expect(await commit(folder, { NEXUS_COMMIT: "a word" })).toBe("unknown");
    expect(read("Dockerfile")).toMatch(/^ARG NEXUS_COMMIT$[^]*^RUN sh docker\/build\.sh/m);
  });

  it("is unknown without a clone, also within somebody else's", async () => {
    expect(await commit(folder)).toBe("unknown");
    await clone();
    const inner = join(folder, "inner");
    mkdirSync(inner);
    expect(await commit(inner)).toBe("unknown");
  });

  it("is written down by a build, and read from there", () => {
    const { commit: written } = readRelease();
    expect(written).toMatch(/^([0-9a-f]{40}(-dirty)?|unknown)$/);
    expect(`${written}\n`).toBe(read("packages/shared/dist/commit"));
  });
});
