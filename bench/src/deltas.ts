/** `npm run bench -- --deltas`: a first run, a delta that finds nothing, and one over 1 % changes; and what fingerprints cost a first run. */
import { mutate } from "@nexus/local/sample";
import { withPool } from "@nexus/shared/database";
import { processorSeconds } from "./processor-time.ts";
import { type Taken, wholeRun } from "./whole-run.ts";
import { startServices, type World } from "./world.ts";

interface Cost {
  readonly wall: number;
  readonly processor: number;
  readonly read: number;
  readonly written: number;
}

interface Round {
  /** With `FINGERPRINTS=off`. */
  readonly without: Cost;
  readonly first: Cost;
  readonly unchanged: Cost;
  readonly changed: Cost;
  /** Bytes of the ledger that fingerprints take after all three. */
  readonly kept: number;
}

/** Which of the two first runs comes first changes from round to round. */
export async function deltaRounds(world: World, rounds: number): Promise<Round[]> {
  const done: Round[] = [];
  for (let n = 0; n < rounds; n++) {
    const before = n % 2 === 0 ? await without(world) : undefined;
    const round = await withDeltas(world, n);
    done.push({ without: before ?? (await without(world)), ...round });
  }
  return done;
}

async function without(world: World): Promise<Cost> {
  const servers = await world.newTarget();
  const services = await startServices(servers, 2, { FINGERPRINTS: "off" });
  try {
    return await cost(() => wholeRun(servers, services));
  } finally {
    await Promise.all(services.map((service) => service.kill("SIGTERM")));
  }
}

async function withDeltas(world: World, n: number): Promise<Omit<Round, "without">> {
  const servers = await world.newTarget();
  const services = await startServices(servers, 2);
  const delta = { embeddings: false, mode: "delta" } as const;
  try {
    const first = await cost(() => wholeRun(servers, services));
    const unchanged = await cost(() => wholeRun(servers, services, delta));
    const change = { seed: n + 1, share: 0.01, shape: "real", schema: "legacy" } as const;
    await mutate({ url: world.sourceUrl, ...change });
    const changed = await cost(() => wholeRun(servers, services, delta));
    return { first, unchanged, changed, kept: await keptIn(servers.targetUrl) };
  } finally {
    await Promise.all(services.map((service) => service.kill("SIGTERM")));
  }
}

async function cost(run: () => Promise<Taken>): Promise<Cost> {
  const before = processorSeconds();
  const { seconds: wall, read, written } = await run();
  return { wall, processor: processorSeconds() - before, read, written };
}

async function keptIn(url: string): Promise<number> {
  return await withPool({ url, max: 1, name: "nexus-bench" }, async (target) => {
    const { rows } = await target.query<{ bytes: number }>(
      "select pg_total_relation_size('migration.fingerprints') as bytes",
    );
    return rows[0]?.bytes ?? 0;
  });
}

/** Ratios of each round, and their medians. */
export function deltasReport(rounds: readonly Round[]): string {
  const line = (what: string, one: keyof Omit<Round, "kept">, by: "first" | "without"): string =>
    (["wall", "processor"] as const)
      .map((measure) => {
        const pairs = rounds.map((round) => [round[one][measure], round[by][measure]] as const);
        const each = pairs.map(([x, y]) => `${x.toFixed(2)}/${y.toFixed(2)}`).join(", ");
        return `${what}, ${measure} time: ${median(pairs.map(([x, y]) => x / y)).toFixed(3)} × (${each} s)`;
      })
      .join("\n");
  const read = rounds.map(
    ({ first, unchanged, changed }) =>
      `${first.read}, ${unchanged.read} and ${changed.read} (${changed.written} written)`,
  );
  return [
    line("first run with fingerprints ÷ without", "first", "without"),
    line("delta over nothing ÷ first run", "unchanged", "first"),
    line("delta over 1 % changes ÷ first run", "changed", "first"),
    `rows read: ${read.join("; ")}`,
    `kept: ${rounds.map(({ kept }) => `${(kept / 1e6).toFixed(1)} MB`).join(", ")}`,
    "",
  ].join("\n");
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
