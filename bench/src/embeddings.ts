/** `npm run bench:embeddings -- [--only …] [--scale N] [--embedders 1,4] [--json]`: what embedding and Dify are held to, against stand-ins. */
import { parseArgs } from "node:util";
import { embedSample } from "./embeddings-calls.ts";
import { fillDify } from "./embeddings-dify.ts";
import { type OutageRound, outageRound } from "./embeddings-outage.ts";
import { afterStorm, quotaTable } from "./embeddings-quotas.ts";
import {
  callLines,
  difyLine,
  outageLines,
  quotaLine,
  rateLines,
  stormLine,
} from "./embeddings-report.ts";
import { storeRate } from "./embeddings-store.ts";
import { startStandIn } from "./stand-in.ts";
import { standInRate } from "./stand-in-rate.ts";
import { openWorld, type World } from "./world.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "rates,calls,outage,quotas,storm,dify" },
    scale: { type: "string", default: "1" },
    embedders: { type: "string", default: "1,4" },
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
  },
});

interface Said {
  readonly measured: object;
  readonly lines: readonly string[];
}

/** What can be measured, by the words of `--only`. */
const MEASURES: Readonly<Record<string, (world: World) => AsyncGenerator<Said>>> = {
  rates: async function* (world) {
    const standIn = await startStandIn();
    const calls = await standInRate(standIn);
    await standIn.stop();
    const vectors = await storeRate(world);
    yield { measured: { calls, vectors }, lines: rateLines(calls, vectors) };
  },
  calls: async function* (world) {
    for (const embedders of values.embedders.split(",")) {
      const measured = await embedSample(world, Number(embedders));
      yield { measured, lines: callLines(measured) };
    }
  },
  outage: async function* (world) {
    const rounds: OutageRound[] = [];
    for (let n = 0; n < Number(values.rounds); n++) rounds.push(await outageRound(world));
    yield { measured: { rounds }, lines: outageLines(rounds) };
  },
  quotas: async function* (world) {
    const cells = await quotaTable(world);
    yield { measured: { cells }, lines: cells.map(quotaLine) };
  },
  storm: async function* (world) {
    const used = await afterStorm(world);
    yield { measured: { afterStorm: used }, lines: [stormLine(used)] };
  },
  dify: async function* (world) {
    for (const requestsPerMinute of [null, 100, 1_000]) {
      const measured = await fillDify(world, requestsPerMinute);
      yield { measured, lines: [difyLine(measured)] };
    }
  },
};

const world = await openWorld(Number(values.scale));
try {
  for (const name of values.only.split(",")) {
    const measure = MEASURES[name];
    if (measure === undefined)
      throw new Error(`--only: there is ${Object.keys(MEASURES).join(", ")}`);
    for await (const { measured, lines } of measure(world))
      process.stdout.write(`${values.json ? JSON.stringify(measured) : lines.join("\n")}\n`);
  }
} finally {
  await world.stop();
}
