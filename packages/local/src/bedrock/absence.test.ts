/** Skip means absent: what does not embed with Bedrock neither loads the SDK nor reads its variables. Seen from a process of its own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** Prints which AWS variables were read and how many files of the SDK were loaded while `work` ran. */
const witness = (work: string) => `
  import { createRequire } from "node:module";
  const read = new Set();
  process.env = new Proxy(process.env, {
    get(env, name) {
      if (String(name).startsWith("AWS_")) read.add(name);
      return env[name];
    },
  });
  const embedding = await import(${JSON.stringify(import.meta.resolve("@nexus/shared/embedding"))});
  ${work}
  const loaded = Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache).filter((file) => /aws-sdk|smithy/.test(file));
  const timers = process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|TLS/.test(name));
  console.log(JSON.stringify({ read: [...read], loaded: loaded.length, timers }));
`;

async function run(work: string): Promise<{ read: string[]; loaded: number; timers: string[] }> {
  const args = ["--no-warnings", "--input-type=module", "--eval", witness(work)];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { PATH: process.env["PATH"], AWS_REGION: "us-east-1" },
  });
  return JSON.parse(stdout);
}

const open = (provider: string) =>
  `const provider = await embedding.openProvider({ provider: "${provider}", concurrency: 1, timeoutMs: 1000 });`;

describe("the AWS SDK", () => {
  it("is absent from a process that imports the room and opens nothing", async () => {
    expect(await run("")).toEqual({ read: [], loaded: 0, timers: [] });
  });

  it("is absent from a process that embeds locally", async () => {
    const work = `${open("local")} await provider.embed("crown", new AbortController().signal);`;
    expect(await run(work)).toEqual({ read: [], loaded: 0, timers: [] });
  });

  it("would be seen, had it been loaded", async () => {
    const { read, loaded } = await run(open("bedrock"));
    expect(read).toContain("AWS_REGION");
    expect(loaded).toBeGreaterThan(10);
  });
});
