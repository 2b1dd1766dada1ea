/** `npm run bench -- [--scale N] [--rounds N] [--json | --loaders 1,2,4]`: the whole run beside its floor, or by the number of loaders. */
import { parseArgs } from "node:util";
import { byLoaders, loadersReport } from "./loaders.ts";
import { report, type Round } from "./report.ts";
import { wholeRuns } from "./whole-run.ts";
import { openWorld, type World } from "./world.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    loaders: { type: "string" },
  },
});

const scale = Number(values.scale);
const world = await openWorld(scale);
try {
  process.stdout.write(
    values.loaders === undefined ? await besideFloor() : await loaders(values.loaders),
  );
} finally {
  await world.stop();
}

async function besideFloor(): Promise<string> {
  const rounds: Round[] = [];
  for (let n = 0; n < Number(values.rounds); n++) rounds.push(await round(world));
  return report(
    { scale, madeOf: world.madeOf, rounds, redisPeak: await world.redisPeak() },
    values.json,
  );
}

async function loaders(counts: string): Promise<string> {
  return loadersReport(
    await byLoaders(world, counts.split(",").map(Number), Number(values.rounds)),
  );
}

/** Floor and ours in turn, so that a slow spell of the machine meets both. */
async function round({ floor, newTarget }: World): Promise<Round> {
  const floorSeconds = await floor();
  const [two, rerun] = await wholeRuns(await newTarget(), 2, 2);
  const [one] = await wholeRuns(await newTarget(), 1, 1);
  if (one === undefined || two === undefined || rerun === undefined)
    throw new Error("a run is missing");
  return { floorSeconds, one, two, rerun };
}
