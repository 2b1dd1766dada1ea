import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLog } from "./log.ts";

it("collects the lines of all processes in one file, with their names", () => {
  const folder = mkdtempSync(join(tmpdir(), "supervisor-log-"));
  const file = join(folder, "logs", "demo.log");
  const log = openLog(file);
  log("loader")("one");
  log("target")("two");
  expect(readFileSync(file, "utf8")).toMatch(/^\S+Z loader one\n\S+Z target two\n$/);
  rmSync(folder, { recursive: true });
});
