import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "./lock.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "wire-lock-"));
  folder = join(parent, "data");
});

afterEach(() => rmSync(parent, { recursive: true }));

describe("the lock of a data folder", () => {
  it("is had once, and again after it was given back", () => {
    const unlock = lockFolder(folder);
    expect(() => lockFolder(`${folder}/`)).toThrow(/in use/);
    unlock();
    expect(existsSync(`${folder}.lock`)).toBe(false);
    lockFolder(folder)();
  });

  it("of a living process is respected", () => {
    writeFileSync(`${folder}.lock`, `${process.ppid}`);
    expect(() => lockFolder(folder)).toThrow(`in use by process ${process.ppid}`);
  });

  it.each([
    ["a dead process", `${spawnSync(process.execPath, ["--version"]).pid}`],
    ["an earlier process with our own id", `${process.pid}`],
    ["nobody", ""],
  ])("of %s is taken over", (_, owner) => {
    writeFileSync(`${folder}.lock`, owner);
    lockFolder(folder)();
  });
});
