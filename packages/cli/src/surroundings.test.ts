/** `nexus` where it is started: its file of settings, and what takes its output. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "@nexus/shared/testing";
import { expect, it, onTestFinished } from "vitest";

const PROGRAM = fileURLToPath(new URL("../dist/main.js", import.meta.url));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "nexus-here-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

/** By way of a shell: `line` says what becomes of the output. */
async function nexusIn(cwd: string, line: string): Promise<unknown> {
  const args = ["-c", line, process.execPath, PROGRAM];
  const { code, stderr } = await runCommand("sh", args, {
    cwd,
    env: { PATH: process.env["PATH"] },
  });
  return { code, stderr };
}

it("says in one line that its file of settings cannot be read", async () => {
  const cwd = folder();
  mkdirSync(join(cwd, ".env"));
  expect(await nexusIn(cwd, `"$0" "$1" preflight`)).toEqual({
    code: 2,
    stderr: expect.stringMatching(
      /^\.env of the working directory cannot be read \(EISDIR\): .*\n$/,
    ),
  });
});

it("reads a file of settings that begins with a byte order mark", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, ".env"), "\uFEFFLEGACY_URL=mysql://a\n");
  expect(await nexusIn(cwd, `"$0" "$1" preflight`)).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^LEGACY_URL must look like postgres:/),
  });
});

it("says in one sentence that its output could not be written", async () => {
  expect(await nexusIn(folder(), `"$0" "$1" --help > /dev/full`)).toEqual({
    code: 1,
    stderr: "the output could not be written (ENOSPC)\n",
  });
});
