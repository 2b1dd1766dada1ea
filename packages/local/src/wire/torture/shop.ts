/** The server under torture, and what must be true of it in the end. */
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { z } from "zod";
import { type RunningProcess, startProcess } from "../../supervisor/process.ts";
import { ACCOUNTS, SETUP } from "./customer.ts";

const dist = (file: string): string =>
  fileURLToPath(new URL(`../../../dist/${file}`, import.meta.url));
const Ready = z.object({ url: z.string(), port: z.number() });

export interface Shop {
  readonly url: string;
  readonly port: number;
  readonly process: RunningProcess;
}

/** Starts `serve.js` on a data folder. */
export async function openShop(dataDir: string, port = 0): Promise<Shop> {
  const process = await startProcess({
    name: "server",
    script: dist("serve.js"),
    args: ["--data", dataDir, "--port", `${port}`],
    ready: (line) => line.startsWith("{"),
    log: () => undefined,
  });
  return { ...Ready.parse(JSON.parse(process.readyLine)), process };
}

export async function setUp(url: string): Promise<void> {
  await ask(url, SETUP);
}

/** A customer to be killed. */
export interface Victim {
  readonly name: string;
  readonly seed: number;
  /** How often it commits before it is killed, */
  readonly entries: number;
  /** and when it is killed at the latest, in milliseconds as of Date.now(). */
  readonly deadline: number;
}

/** Runs a customer process, kills it with SIGKILL in the middle of things, and returns the entries it has committed. */
export async function runAndKill(
  url: string,
  { name, seed, entries, deadline }: Victim,
): Promise<number[]> {
  const committed: number[] = [];
  let enough = (): void => undefined;
  const busy = new Promise<void>((resolve) => (enough = resolve));
  const customer = await startProcess({
    name,
    script: dist("wire/torture/customer-process.js"),
    args: [url, name, `${seed}`],
    ready: () => true,
    log: (line) => {
      // Node's warnings come here too.
      if (/^\d+$/.test(line) && committed.push(Number(line)) >= entries) enough();
    },
  });
  await Promise.race([
    busy,
    customer.exited,
    setTimeout(deadline - Date.now(), undefined, { ref: false }),
  ]);
  customer.kill();
  await customer.exited;
  return committed;
}

/** What is wrong with the books, given the names of all entries that were acknowledged; nothing, if all is well. */
export async function audit(url: string, acknowledged: ReadonlySet<string>): Promise<string[]> {
  const [sum, entries] = await ask(
    url,
    "select sum(balance)::text as value from account; select customer || ':' || n as value from entry",
  );
  const found = new Set(entries);
  const lost = [...acknowledged].filter((entry) => !found.has(entry));
  return [
    ...(sum?.[0] === `${ACCOUNTS * 1000}` ? [] : [`the sum is ${sum?.[0]}`]),
    ...lost.map((entry) => `acknowledged and lost: ${entry}`),
  ];
}

const Results = z.array(z.object({ rows: z.array(z.object({ value: z.string() })) }));

async function ask(url: string, sql: string): Promise<string[][]> {
  const client = new Client(url);
  await client.connect();
  const results: unknown = await client.query(sql);
  await client.end();
  const parsed = Results.safeParse(results);
  return parsed.success ? parsed.data.map((result) => result.rows.map((row) => row.value)) : [];
}
