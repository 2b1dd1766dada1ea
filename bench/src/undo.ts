/** `npm run bench -- --undo`: a first run, and one over 1 % changes, with undo and without, paired in each round. */
import { mutate } from "@nexus/local/sample";
import type { Servers } from "@nexus/local/services";
import { withPool } from "@nexus/shared/database";
import { processorSeconds } from "./processor-time.ts";
import { type Taken, wholeRun } from "./whole-run.ts";
import { startServices, type World } from "./world.ts";

type Undo = "on" | "off";

interface Cost {
  readonly wall: number;
  readonly processor: number;
  readonly written: number;
}

interface Round {
  readonly first: Readonly<Record<Undo, Cost>>;
  readonly rerun: Readonly<Record<Undo, Cost>>;
  /** What is kept of the first run and of the other, in bytes. */
  readonly kept: number;
}

/** Which of the two comes first changes from round to round. */
export async function undoRounds(world: World, rounds: number): Promise<Round[]> {
  const done: Round[] = [];
  for (let n = 0; n < rounds; n++) {
    const order: readonly Undo[] = n % 2 === 0 ? ["off", "on"] : ["on", "off"];
    const targets = new Map<Undo, Servers>();
    const first = new Map<Undo, Cost>();
    for (const undo of order) {
      const servers = await world.newTarget();
      targets.set(undo, servers);
      first.set(undo, await measured(servers, undo));
    }
    const change = { seed: n + 1, share: 0.01, shape: "real", schema: "legacy" } as const;
    await mutate({ url: world.sourceUrl, ...change });
    const rerun = new Map<Undo, Cost>();
    for (const undo of order) rerun.set(undo, await measured(serversOf(targets, undo), undo));
    const kept = await keptIn(serversOf(targets, "on"));
    done.push({ first: pair(first), rerun: pair(rerun), kept });
  }
  return done;
}

async function measured(servers: Servers, undo: Undo): Promise<Cost> {
  const services = await startServices(servers, 2, { UNDO: undo });
  const before = processorSeconds();
  let taken: Taken;
  try {
    taken = await wholeRun(servers, services);
  } finally {
    await Promise.all(services.map((service) => service.kill("SIGTERM")));
  }
  return { wall: taken.seconds, processor: processorSeconds() - before, written: taken.written };
}

function pair(costs: ReadonlyMap<Undo, Cost>): Readonly<Record<Undo, Cost>> {
  const [on, off] = [costs.get("on"), costs.get("off")];
  if (on === undefined || off === undefined) throw new Error("a run is missing");
  return { on, off };
}

function serversOf(targets: ReadonlyMap<Undo, Servers>, undo: Undo): Servers {
  const found = targets.get(undo);
  if (found === undefined) throw new Error("a target is missing");
  return found;
}

async function keptIn({ targetUrl }: Servers): Promise<number> {
  return await withPool({ url: targetUrl, max: 1, name: "nexus-bench" }, async (target) => {
    const { rows } = await target.query<{ bytes: number }>(
      "select pg_total_relation_size('migration.undo') as bytes",
    );
    return rows[0]?.bytes ?? 0;
  });
}

/** Ratios of each round, and their medians. */
export function undoReport(rounds: readonly Round[]): string {
  return [
    ...ratios("first run", rounds, ({ first }) => first),
    ...ratios("run over 1 % changes", rounds, ({ rerun }) => rerun),
    `kept after both: ${rounds.map(({ kept }) => `${(kept / 1e6).toFixed(1)} MB`).join(", ")}`,
    "",
  ].join("\n");
}

function ratios(
  what: string,
  rounds: readonly Round[],
  of: (round: Round) => Round["first"],
): string[] {
  const line = (measure: "processor" | "wall"): string => {
    const found = rounds.map((round) => of(round).on[measure] / of(round).off[measure]);
    const pairs = rounds.map(
      (round) => `${of(round).on[measure].toFixed(2)}/${of(round).off[measure].toFixed(2)}`,
    );
    return `${what}, ${measure} time with undo ÷ without: median ${median(found).toFixed(3)} (${pairs.join(", ")} s)`;
  };
  const written = rounds.map((round) => of(round).on.written).join(", ");
  return [line("processor"), line("wall"), `${what}: ${written} rows written`];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
