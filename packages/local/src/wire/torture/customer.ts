/**
 * A client that does all that a server may find hard, and believes no answer it cannot check: each is marked with
 * a token of its own, money is moved and never made, and what was committed is remembered.
 */
import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Client } from "pg";
import type { Dice } from "./dice.ts";

export interface CustomerOptions {
  readonly url: string;
  /** Marks its entries. */
  readonly name: string;
  readonly dice: Dice;
  /** Whether to go on. */
  readonly more: () => boolean;
  /** Called after each commit that the server has acknowledged, with the number of the entry. */
  readonly committed: (entry: number) => void;
}

/** What a customer has to say in the end. */
export interface Tally {
  queries: number;
  deaths: number;
  /** Answers that were not those asked for. */
  readonly wrong: string[];
}

export const ACCOUNTS = 20;
const MAX_PARAMETER = 3_000_000;
const RETRY_MS = 50;

export const SETUP = `
  create table account (id int4 primary key, balance int8 not null);
  insert into account select n, 1000 from generate_series(1, ${ACCOUNTS}) n;
  create table entry (customer text, n int4, primary key (customer, n));
`;

/** Works until told otherwise, connecting anew whenever it was disconnected. */
export async function runCustomer(options: CustomerOptions): Promise<Tally> {
  const tally: Tally = { queries: 0, deaths: 0, wrong: [] };
  let entry = 0;
  while (options.more()) {
    const client = new Client({ connectionString: options.url });
    // A lost connection is reported here and by the query that was under way.
    client.on("error", () => undefined);
    try {
      await client.connect();
      while (options.more() && options.dice.below(12) > 0)
        await act(client, options, tally, ++entry);
      tally.queries++;
      await leave(client, options.dice, tally);
    } catch (error) {
      if (isUnexpected(error)) tally.wrong.push(`${options.name}: ${String(error)}`);
      client.connection.stream.destroy();
      // The server may be on its way back.
      await setTimeout(RETRY_MS);
    }
  }
  return tally;
}

async function act(
  client: Client,
  options: CustomerOptions,
  tally: Tally,
  entry: number,
): Promise<void> {
  tally.queries++;
  const kind = options.dice.below(10);
  if (kind < 4) return await transfer(client, options, entry);
  const problem =
    kind < 7
      ? await echo(client, options.dice)
      : kind < 9
        ? await echoMany(client, options.dice)
        : await fail(client, options.dice);
  if (problem !== undefined) tally.wrong.push(`${options.name}: ${problem}`);
}

/** Moves money between two accounts and writes an entry, in one transaction that it sometimes takes back. */
async function transfer(
  client: Client,
  { name, dice, committed }: CustomerOptions,
  entry: number,
): Promise<void> {
  const [from, to] = [1 + dice.below(ACCOUNTS), 1 + dice.below(ACCOUNTS)];
  await client.query("begin");
  await client.query("update account set balance = balance - $1 where id = $2", [7, from]);
  await client.query("insert into entry values ($1, $2)", [name, entry]);
  await client.query({
    name: "deposit",
    text: "update account set balance = balance + $1 where id = $2",
    values: [7, to],
  });
  if (dice.below(5) === 0) {
    await client.query("rollback");
    return;
  }
  await client.query("commit");
  committed(entry);
}

/** Sends a large parameter and checks the digest and the token that come back. */
async function echo(client: Client, dice: Dice): Promise<string | undefined> {
  const token = `t${dice.below(1e9)}`;
  const size = dice.below(10) === 0 ? dice.below(MAX_PARAMETER) : dice.below(2_000);
  const large = dice.letter().repeat(size);
  const { rows } = await client.query({
    ...(dice.below(2) === 0 ? { name: "echo" } : {}),
    text: "select $1::text as token, md5($2::text) as digest, $2::text as large",
    values: [token, large],
  });
  const [row] = rows;
  if (row?.token !== token) return `asked for ${token}, got ${row?.token}`;
  if (row.digest !== createHash("md5").update(large).digest("hex"))
    return `bad digest for ${size} bytes`;
  return row.large === large ? undefined : `${size} bytes came back changed`;
}

/** Sends several queries ahead of their answers. */
async function echoMany(client: Client, dice: Dice): Promise<string | undefined> {
  const tokens = Array.from({ length: 1 + dice.below(8) }, () => dice.below(1e9));
  const texts = tokens.map(
    (token) => `select ${token} as token${dice.below(2) === 0 ? "" : ", $1::int4"}`,
  );
  const answers = await Promise.all(
    texts.map((text) => client.query(text, text.includes("$1") ? [1] : [])),
  );
  const got = answers.map((answer) => Number(answer.rows[0]?.token)).join();
  return got === tokens.join() ? undefined : `asked for ${tokens.join()}, got ${got}`;
}

/** Makes an error and checks that it is the one it made. */
async function fail(client: Client, dice: Dice): Promise<string | undefined> {
  const name = `absent_${dice.below(1e9)}`;
  const message = await client.query(`select * from ${name}`).then(
    () => "no error",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return message.includes(name) || isLoss(message)
    ? undefined
    : `asked for ${name}, got ${message}`;
}

/** Goes politely or not: with a query under way, in a transaction, or with half a message sent. */
async function leave(client: Client, dice: Dice, tally: Tally): Promise<void> {
  const way = dice.below(4);
  if (way === 0) return await client.end();
  tally.deaths++;
  if (way === 1) await client.query("begin; update account set balance = 0");
  // What is under way will fail, and is meant to.
  if (way === 2)
    client.query("select $1::text", ["x".repeat(MAX_PARAMETER)]).catch(() => undefined);
  if (way === 3) client.connection.stream.write(Buffer.from("Q\0\0\0\x40upd"));
  if (dice.below(2) === 0) await new Promise((resolve) => setImmediate(resolve));
  client.connection.stream.destroy();
}

/** Whether this error, or its code, is anything but a lost connection. */
function isUnexpected(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return !isLoss(`${String(error)} ${code}`);
}

function isLoss(message: string): boolean {
  return /terminated|ECONNREFUSED|ECONNRESET|EPIPE|not queryable|write after end|closed/i.test(
    message,
  );
}
