/** `pnpm bench:embeddings [--only …] [--scale N] [--embedders 1,4] [--json]`: what embedding is held to, against the stand-in for Bedrock. */
import { parseArgs } from "node:util";
import { embedSample } from "./embeddings-calls.ts";
import { outageRound } from "./embeddings-outage.ts";
import { afterStorm, quotaTable } from "./embeddings-quotas.ts";
import { said } from "./embeddings-report.ts";
import { storeRate } from "./embeddings-store.ts";
import { startStandIn } from "./stand-in.ts";
import { standInRate } from "./stand-in-rate.ts";
import { openWorld, type World } from "./world.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "rates,calls,outage,quotas" },
    scale: { type: "string", default: "1" },
    embedders: { type: "string", default: "1,4" },
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
  },
});

/** What can be measured, by the words of `--only`. */
const MEASURES: Readonly<Record<string, (world: World) => AsyncGenerator<Parameters<typeof said>[0]>>> = {
  rates: async function* (world) {
    const standIn = await startStandIn();
    const calls = await standInRate(standIn).finally(() => standIn.stop());
    yield { kind: "rates", calls, vectors: await storeRate(world) };
  },
  calls: async function* (world) {
    for (const embedders of values.embedders.split(","))
      yield { kind: "calls", ...(await embedSample(world, Number(embedders))) };
  },
  outage: async function* (world) {
    const rounds = [];
    for (let n = 0; n < Number(values.rounds); n++) rounds.push(await outageRound(world));
    yield { kind: "outage", rounds };
  },
  quotas: async function* (world) {
    yield { kind: "quotas", cells: await quotaTable(world), afterStorm: await afterStorm(world) };
  },
};

const world = await openWorld(Number(values.scale));
try {
  for (const name of values.only.split(",")) {
    const measure = MEASURES[name];
    if (measure === undefined) throw new Error(`--only: there is ${Object.keys(MEASURES).join(", ")}`);
    for await (const measured of measure(world))
      process.stdout.write(values.json ? `${JSON.stringify(measured)}\n` : said(measured));
  }
} finally {
  await world.stop();
}
