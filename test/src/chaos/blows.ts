/** Blows, each struck at a moment of the ledger's: after so many more batches are committed. */
import type { ServiceName } from "@nexus/local/services";
import { eventually, remark } from "@nexus/shared/testing";
import type { Journey } from "../journey.ts";
import { alive, committed, standing } from "./arena.ts";
import type { Dice } from "./dice.ts";

export interface Blow {
  readonly name: string;
  /** Breaks something, and mends it or starts to. */
  strike(): Promise<void>;
}

/** Milliseconds from each mended blow to the next committed batch, by the blow's name. */
export type Recoveries = ReadonlyMap<string, readonly number[]>;

/** Strikes all blows while the run is under way. Throws if it was over before the last one: then more batches are needed. */
export async function strikeAll(
  journey: Journey,
  runId: number,
  blows: readonly Blow[],
  dice: Dice,
): Promise<Recoveries> {
  const recoveries = new Map<string, number[]>();
  for (const [struck, blow] of blows.entries()) {
    const { done, total } = await committed(journey, runId, 1);
    const share = Math.floor((total - done) / (blows.length - struck));
    const { over } = await committed(journey, runId, done + dice.upTo(share));
    if (over) throw new Error(`the run was over after ${struck} of ${blows.length} blows`);
    await blow.strike();
    const mended = performance.now();
    const before = await standing(journey, runId);
    await committed(journey, runId, before.done + 1);
    recoveries.set(blow.name, [...(recoveries.get(blow.name) ?? []), performance.now() - mended]);
  }
  return recoveries;
}

/** SIGKILLs one process of a service, and starts another at once. It need not be ready when the next blow falls. */
export function killAny(
  journey: Journey,
  service: ServiceName,
  dice: Dice,
  starting: Promise<unknown>[],
): Blow {
  return {
    name: `SIGKILL of ${service === "extractor" ? "an" : "a"} ${service}`,
    strike: async () => {
      const [first, ...others] = await alive(journey, service);
      if (first === undefined) return;
      await dice.oneOf([first, ...others]).kill("SIGKILL");
      const started = startAgain(journey, service);
      started.catch(() => undefined); // Whoever awaits `starting` hears of it.
      starting.push(started);
    },
  };
}

/** As a platform does: a service that ends because a server is away (exit code 3) is started again. */
async function startAgain({ start }: Journey, service: ServiceName): Promise<void> {
  await eventually(() => start(service), { within: 60_000, every: 200 });
}

/** A crash of Redis, which keeps nothing. */
export function killRedis({ stack }: Journey): Blow {
  return {
    name: "crash of Redis",
    strike: async () => {
      await stack.queue?.kill();
      await stack.queue?.restart();
    },
  };
}

/** FLUSHALL: every job is gone, the active ones too. */
export function flushRedis({ stack }: Journey): Blow {
  return { name: "FLUSHALL", strike: async () => await stack.queue?.flush?.() };
}

/** A crash of the server that holds the legacy database and the target. */
export function killPostgres({ stack }: Journey): Blow {
  return {
    name: "crash of PostgreSQL",
    strike: async () => {
      await stack.database?.kill();
      await stack.database?.restart();
    },
  };
}

/** Says in the closing lines how long it took. */
export function tell(recoveries: Recoveries): void {
  for (const [name, times] of recoveries) {
    const sorted = [...times].sort((a, b) => a - b);
    const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
    remark(
      "measured",
      `${name}, ${times.length} times: next batch committed after ${median.toFixed(0)} ms (median), ${(sorted.at(-1) ?? 0).toFixed(0)} ms (most)`,
    );
  }
}
