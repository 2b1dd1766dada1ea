import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCustomer, type Tally } from "./customer.ts";
import { createDice } from "./dice.ts";
import { audit, openShop, runAndKill, setUp, type Shop } from "./shop.ts";

/** The short form is for every run of the tests; an hour of it once in a while does no harm. */
const SECONDS = Number(process.env["WIRE_TORTURE_SECONDS"] ?? 6);
const SEED = Number(process.env["WIRE_TORTURE_SEED"] ?? 1);
const LIMIT = (SECONDS + 60) * 1_000;

let folder: string;
let shop: Shop;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-torture-"));
  shop = await openShop(join(folder, "data"));
  await setUp(shop.url);
});

afterEach(async () => {
  await shop.process.stop();
  await rm(folder, { recursive: true });
});

function report(tallies: readonly Tally[], kills: number, acknowledged: ReadonlySet<string>): void {
  const queries = tallies.reduce((sum, tally) => sum + tally.queries, 0);
  const deaths = tallies.reduce((sum, tally) => sum + tally.deaths, 0);
  process.stdout.write(
    `torture: ${queries} units of work, ${deaths} deaths, ${kills} kills, ${acknowledged.size} commits\n`,
  );
}

it(
  "gives every client its own answers and keeps the books, whoever dies",
  async () => {
    const deadline = Date.now() + SECONDS * 1_000;
    const more = () => Date.now() < deadline;
    const acknowledged = new Set<string>();
    let kills = 0;

    const customers = Array.from({ length: 8 }, (_, n) => {
      const name = `c${n}`;
      const dice = createDice(SEED * 100 + n);
      return runCustomer({
        url: shop.url,
        name,
        dice,
        more,
        committed: (entry) => acknowledged.add(`${name}:${entry}`),
      });
    });
    const killer = async (dice = createDice(SEED)): Promise<void> => {
      while (more()) {
        const name = `killed${++kills}`;
        const victim = { name, seed: dice.below(1e6), entries: 1 + dice.below(20), deadline };
        const entries = await runAndKill(shop.url, victim);
        for (const entry of entries) acknowledged.add(`${name}:${entry}`);
      }
    };
    const [tallies] = await Promise.all([Promise.all(customers), killer()]);

    report(tallies, kills, acknowledged);
    expect(tallies.flatMap((tally) => tally.wrong)).toEqual([]);
    expect(await audit(shop.url, acknowledged)).toEqual([]);
    expect(kills).toBeGreaterThan(0);
    await shop.process.stop();
    expect(await shop.process.exited).toBe(0);
  },
  LIMIT,
);

it(
  "has every acknowledged commit after the server was killed at work",
  async () => {
    const { url, port } = shop;
    const acknowledged = new Set<string>();
    let done = false;
    let commits = 0;
    let reached = (): void => undefined;
    const customers = Array.from({ length: 4 }, (_, n) =>
      runCustomer({
        url,
        name: `c${n}`,
        dice: createDice(SEED * 200 + n),
        more: () => !done,
        committed(entry) {
          acknowledged.add(`c${n}:${entry}`);
          if (++commits % 30 === 0) reached();
        },
      }),
    );
    try {
      for (const _ of [1, 2, 3]) {
        await new Promise<void>((resolve) => (reached = resolve));
        shop.process.kill();
        await shop.process.exited;
        const before = new Set(acknowledged);
        shop = await openShop(join(folder, "data"), port);
        expect(await audit(url, before)).toEqual([]);
      }
    } finally {
      done = true;
    }
    const tallies = await Promise.all(customers);
    report(tallies, 3, acknowledged);
    expect(tallies.flatMap((tally) => tally.wrong)).toEqual([]);
    expect(await audit(url, acknowledged)).toEqual([]);
  },
  LIMIT,
);
