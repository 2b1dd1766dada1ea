import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, type TestContext } from "vitest";
import { loadEnvFile } from "./env-file.ts";
import { ConfigurationError } from "./failure.ts";

function place(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "nexus-env-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, ".env");
}

it("a file of settings is read with or without a byte order mark, and the environment wins", (context) => {
  const file = place(context);
  const env: NodeJS.ProcessEnv = { TARGET_URL: "given", EMPTY: "" };
  loadEnvFile(env, file);
  expect(env).toEqual({ TARGET_URL: "given", EMPTY: "" });
  for (const mark of ["\uFEFF", ""]) {
    writeFileSync(file, `${mark}LEGACY_URL="postgres://a"\r\nTARGET_URL=b # c\nEMPTY=d\n`);
    const read: NodeJS.ProcessEnv = { ...env };
    loadEnvFile(read, file);
    expect(read).toEqual({ LEGACY_URL: "postgres://a", TARGET_URL: "given", EMPTY: "" });
  }
});

it("a file of settings that cannot be read is a wrong configuration", (context) => {
  const file = place(context);
  mkdirSync(file);
  expect(() => loadEnvFile({}, file)).toThrow(ConfigurationError);
  expect(() => loadEnvFile({}, file)).toThrow(/\.env .* cannot be read \(EISDIR\)/);
});
