import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { runCommand } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../dist/make-sample.js", import.meta.url));

describe("make-sample", () => {
  it("says how it is used", async () => {
    const { code, stdout, stderr } = await make("--help");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^usage: LEGACY_URL=.*make-sample\.js \[--scale /);
  });

  it.each([
    ["--scael 1", /^make-sample: Unknown option '--scael'.*\n$/],
    ["--scale much", /^make-sample: --scale is a number from 0.001 to 100\n$/],
    ["--shape round", /^make-sample: --shape is real or reported\n$/],
    ["--seed 1", /^make-sample: LEGACY_URL .*\n$/],
  ])("refuses %s in one line", async (args, said) => {
    const { code, stdout, stderr } = await make(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(said);
  });
});

async function make(args: string) {
  const options = { cwd: tmpdir(), env: { PATH: process.env["PATH"] } };
  return await runCommand(process.execPath, [PROGRAM, ...args.split(" ")], options);
}
