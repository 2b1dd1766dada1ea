import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  databaseProcess,
  databaseUrl,
  startProcess,
  type RunningProcess,
} from "./supervisor/index.ts";

let folder: string;
let lines: string[];
let server: RunningProcess;
let client: Client;

async function start(...args: readonly string[]): Promise<RunningProcess> {
  const log = (line: string) => void lines.push(line);
  const spec = databaseProcess({
    name: "db",
    dataDir: join(folder, "data"),
    searchPath: "app, public",
    log,
  });
  return await startProcess({ ...spec, args: [...spec.args, ...args] });
}

async function connect(): Promise<Client> {
  const client = new Client(databaseUrl(server.readyLine));
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-serve-"));
  lines = [];
  server = await start("--statement-limit", "1000");
  client = await connect();
});

afterEach(async () => {
  await client.end();
  await server.stop();
  await rm(folder, { recursive: true });
});

describe("an embedded database as a process", () => {
  it("lets no second process open its folder, and keeps the data when it is closed and opened again", async () => {
    await client.query(
      "create schema app; create table app.note (text text); insert into note values ('kept')",
    );
    await expect(start()).rejects.toThrow(/ended before it was ready/);
    expect(lines.join("\n")).toMatch(/data folder in use by process \d+/);

    await server.stop();
    expect(await server.exited).toBe(0);
    server = await start();
    client = await connect();
    await expect(client.query("select text from note")).resolves.toMatchObject({
      rows: [{ text: "kept" }],
    });
  });

  it("is killed from outside when a statement does not end, and opens again", async () => {
    await expect(
      client.query("select count(*) from generate_series(1, 1e12::int8)"),
    ).rejects.toThrow(/terminated/);
    expect(await server.exited).toBe("SIGKILL");
    expect(lines.join("\n")).toMatch(/ran longer than 1000 ms/);
    server = await start();
    client = await connect();
    await expect(client.query("select 1 as one")).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  it("ends rather than go mute when a statement overflows the stack, and opens again", async () => {
    await client.query(
      "create function deeper(n int) returns int language plpgsql as 'begin return deeper(n + 1); end'",
    );
    await expect(client.query("select deeper(0)")).rejects.toThrow(/terminated/);
    expect(await server.exited).toBe(70);
    server = await start();
    client = await connect();
    await expect(client.query("select 1 as one")).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });
});
