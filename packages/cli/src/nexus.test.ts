import { freshDatabase } from "@nexus/shared/testing";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../dist/main.js", import.meta.url));

describe("nexus migrate", () => {
  it("says in plain lines what it did, and the second time that there is nothing to do", async (context) => {
    const TARGET_URL = await freshDatabase(context);
    const first = await nexus(["migrate"], { TARGET_URL });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("applied 001-ledger.sql\n");
    const second = await nexus(["migrate"], { TARGET_URL });
    expect(second.stdout).toMatch(/^nothing to do: the target is up to date$/m);
  });

  it("says it as JSON when asked", async (context) => {
    const TARGET_URL = await freshDatabase(context);
    const { stdout } = await nexus(["migrate", "--json"], { TARGET_URL });
    expect(JSON.parse(stdout)).toMatchObject({ applied: expect.arrayContaining(["applied 001-ledger.sql"]) });
  });

  it("is done once when two processes start at once", async (context) => {
    const TARGET_URL = await freshDatabase(context);
    const both = await Promise.all([1, 2].map(() => nexus(["migrate"], { TARGET_URL })));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ stdout }) => stdout.includes("applied 001-ledger.sql"))).toHaveLength(1);
  });

  it("lists every wrong variable at once and ends with 2", async () => {
    const wrong = { TARGET_URL: "postgres://u:s3cret@pooler.example:6543/db", ID_NAMESPACE: "not-a-uuid" };
    const { code, stderr } = await nexus(["migrate"], wrong);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^TARGET_URL uses port 6543.*; ID_NAMESPACE must be a UUID.*\n$/);
    expect(stderr).not.toContain("s3cret");
  });

  it("ends with 3 when the target cannot be reached, and keeps the password to itself", async () => {
    const { code, stderr } = await nexus(["migrate"], { TARGET_URL: "postgres://u:s3cret@127.0.0.1:1/db" });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^TARGET_URL \(127\.0\.0\.1:1\/db\): cannot be reached \(ECONNREFUSED\).*\n$/);
    expect(stderr).not.toContain("s3cret");
  });
});

describe("nexus preflight", () => {
  it("names what is wrong with both databases in one line and ends with 2", async (context) => {
    const url = await freshDatabase(context);
    const { code, stderr } = await nexus(["preflight"], { LEGACY_URL: url, TARGET_URL: url });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^LEGACY_URL .*tables missing: dispatch_office, .*; TARGET_URL .*not migrated.*\n$/,
    );
  });
});

describe("a mistake in the command line", () => {
  it.each([
    { args: ["migrat"], suggested: "migrate" },
    { args: ["migrate", "--jsn"], suggested: "--json" },
  ])("is answered with a suggestion: $args", async ({ args, suggested }) => {
    const { code, stderr } = await nexus(args, {});
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: unknown .*Did you mean ${suggested}\\?.*\\n$`));
  });

  it("is not to ask for help", async () => {
    const { code, stdout } = await nexus(["--help"], {});
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: nexus");
  });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program away from any `.env`. */
function nexus(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: tmpdir(),
      env: { PATH: process.env["PATH"], ...env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
