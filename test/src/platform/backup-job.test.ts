/** What the nightly backup's container runs, against a real server. */
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  mostReal,
  type RunningStack,
  runCommand,
  stacks,
  withoutPgDump,
} from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { read, yaml } from "./files.ts";

const container = z.object({ command: z.array(z.string()), args: z.tuple([z.string()]) });
const job = z.object({
  spec: z.object({
    jobTemplate: z.object({
      spec: z.object({
        template: z.object({ spec: z.object({ containers: z.tuple([container]) }) }),
      }),
    }),
  }),
});
const [{ command, args }] = yaml(read("k8s/components/backup/cronjob.yaml"), job).spec.jobTemplate
  .spec.template.spec.containers;

describe.each(mostReal(stacks()))("the nightly backup, on $name", (stack) => {
  const missing =
    stack.name === "servers" ? withoutPgDump() : "pg_dump reads no embedded database (PGlite)";
  let running: RunningStack;
  let folder: string;

  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  beforeAll(async () => {
    if (missing !== undefined) return;
    running = await stack.start();
    folder = await mkdtemp(join(tmpdir(), "nexus-nightly-"));
  });
  afterAll(async () => {
    await running?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it("keeps whole dumps of two weeks, and none that was cut short", async () => {
    const old = new Date(Date.now() - 20 * 86_400_000);
    for (const name of ["target-old.dump", "target-cut.dump.part"]) {
      await writeFile(join(folder, name), "");
      await utimes(join(folder, name), old, old);
    }
    expect(await backUp(running.targetUrl)).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^target-\d{8}T\d{6}Z\.dump$/)]);
  });

  it("fails where the target is away, and takes nothing away then", async () => {
    const before = await readdir(folder);
    const { code } = await backUp("postgres://nobody@127.0.0.1:1/postgres");
    expect(code).not.toBe(0);
    expect(await readdir(folder)).toEqual(before);
  });

  async function backUp(url: string) {
    const [shell = "", ...options] = command;
    const script = args[0].replaceAll("/backups", folder);
    return await runCommand(shell, [...options, script], {
      cwd: folder,
      env: { ...process.env, TARGET_URL: url },
    });
  }
});
