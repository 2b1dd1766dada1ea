/** A run that backs up first: what it then writes can be taken back, table by table, with the commands that `nexus backups` prints. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entities, inDependencyOrder } from "@nexus/catalog";
import { nexusHere } from "@nexus/cli/nexus-here";
import { mutate } from "@nexus/local/sample";
import { runCommand, stacks, withoutPgDump } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Journey, openJourney } from "./journey.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const order = inDependencyOrder(entities);
const listed = z.object({
  items: z.array(
    z.object({ entity: z.string(), status: z.string(), file: z.string(), verified: z.string() }),
  ),
});

/** Columns, rows and changes of somebody else, before the run that is taken back. */
const THEIRS = `
  alter table public.practices add column note text;
  update public.practices set note = 'of others ' || legacy_id where legacy_id % 2 = 0;
  insert into public.practices (name, note) values ('a stranger', 'of others');
  update public.profiles set last_name = 'by hand' where legacy_id % 7 = 0`;

describe.each(stacks())("a run with BACKUP=pg_dump, on $name", (stack) => {
  let journey: Journey;
  let folder: string | undefined;
  let runId: number;
  let before: Readonly<Record<string, string>>;
  let after: Readonly<Record<string, string>>;
  let here: Readonly<Record<string, string>>;

  const missing = withoutPgDump();
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  beforeAll(async () => {
    if (missing !== undefined) return;
    const made = await mkdtemp(join(tmpdir(), "nexus-backups-"));
    folder = made;
    journey = await openJourney(stack, {
      env: { BACKUP: "pg_dump", BACKUP_TO: made, API_PORT: "0", BATCH_ROWS: "50" },
      extractors: 2,
      loaders: 2,
    });
    const { port } = await (await journey.start("api")).waitForLine({ msg: "ready" });
    here = { NEXUS_API_URL: `http://127.0.0.1:${String(port)}` };
    await journey.completed(await journey.begin());
    await journey.target.query(THEIRS);
    await mutate({ url: journey.stack.legacyUrl, seed: 5, share: 0.05, shape: "real" });
    before = await contents();
    runId = await journey.begin();
    await journey.completed(runId);
    after = await contents();
  });
  afterAll(async () => {
    await journey?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it("dumps each entity once, before its first batch is offered", async () => {
    const { rows } = await journey.target.query(
      `select b.run_id as run, count(*) as backups, bool_and(b.finished_at <= o.offered and b.status = 'done') as first
       from migration.backups b
       left join lateral (select min(queued_at) as offered from migration.batches
                           where run_id = b.run_id and entity = b.entity) o on true
       group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { run: 1, backups: order.length, first: true },
      { run: 2, backups: order.length, first: true },
    ]);
  });

  it("lists and verifies them, and says which file has other bytes", async () => {
    const good = await nexus("backups", "--run", String(runId), "--verify", "--json");
    expect(good.code, good.stderr).toBe(0);
    const { items } = listed.parse(JSON.parse(good.stdout));
    const found = items.map(({ entity, verified }) => [entity, verified] as const);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(order.map(({ name }) => [name, "verified"])),
    );
    const file = items.find(({ entity }) => entity === "practices")?.file ?? "";
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, -1));
    const bad = await nexus("backups", "--run", String(runId), "--verify");
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/practices .*NO: other bytes than were written/);
    await writeFile(file, bytes);
  });

  it("is taken back by the printed commands: every table is as it was, rows and columns of others too", async () => {
    for (const { name } of order) expect(after[name], name).not.toBe(before[name]);
    for (const command of await commands())
      expect(await sh(command)).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/restore: \w+ is as it was: \d+ rows removed/),
      });
    expect(await contents()).toEqual(before);
    const known = await journey.target.query("select from migration.fingerprints");
    expect(known.rowCount, "a delta reads everything after it").toBe(0);
  });

  it("refuses, and changes nothing, where rows that came since are referred to", async () => {
    await journey.completed(await journey.begin());
    const again = await contents();
    const practices = (await commands()).find((command) => command.includes("--table=practices"));
    const refused = await sh(practices ?? "");
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/rows of practices that came since are referred to by \w+/);
    expect(await contents()).toEqual(again);
  });

  it("refuses, and changes nothing, where a file is cut, or what is read of it", async () => {
    const again = await contents();
    const [command = ""] = await commands();
    const [, file = ""] = /--file=- '([^']+)'/.exec(command) ?? [];
    const cut = `${file}.cut`;
    const bytes = await readFile(file);
    await writeFile(cut, bytes.subarray(0, Math.floor(bytes.length * 0.9)));
    expect((await sh(command.replace(file, cut))).code).not.toBe(0);
    const short = await sh(command.replace("| awk", "| head -n 60 | awk"));
    expect(short.code).not.toBe(0);
    expect(short.stderr).toContain("could not be read to its end");
    expect(await contents()).toEqual(again);
  });

  async function nexus(...args: string[]) {
    return await nexusHere(args, here);
  }

  /** Those of the run that is taken back. */
  async function commands(): Promise<string[]> {
    const { stdout } = await nexus("backups", "--run", String(runId), "--commands");
    const found = stdout.split("\n").filter((line) => line.startsWith("pg_restore"));
    expect(found).toHaveLength(order.length);
    return found;
  }

  async function sh(command: string) {
    const env = { PATH: process.env["PATH"], TARGET_URL: journey.stack.targetUrl };
    return await runCommand("/bin/sh", ["-c", command], { cwd: ROOT, env });
  }

  /** A hash of all rows and columns, by entity. */
  async function contents(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { name, target } of entities) {
      const { rows } = await journey.target.query<{ hash: string }>(
        `select md5(string_agg(t::text, e'\\n' order by t.id)) as hash from public.${target.table} t`,
      );
      found[name] = rows[0]?.hash ?? "";
    }
    return found;
  }
});
