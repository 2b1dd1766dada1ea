/** `npm run bench -- [--scale N] [--rounds N] [--json | --loaders 1,2,4 | --rtt 0,20 | --proofs | --undo | --deltas]`: the whole run beside its floor, by the number of loaders or the round-trip time, beside its proofs (`--scale 1,10`: at several scales), with undo and without, or beside deltas. */
import { parseArgs } from "node:util";
import { deltaRounds, deltasReport } from "./deltas.ts";
import { byLoaders, loadersReport } from "./loaders.ts";
import { proofsByScale, proofsReport } from "./proofs-by-scale.ts";
import { provedRun } from "./proved-run.ts";
import { report, type Round } from "./report.ts";
import { byRoundTrip, roundTripsReport } from "./round-trips.ts";
import { undoReport, undoRounds } from "./undo.ts";
import { wholeRuns } from "./whole-run.ts";
import { openWorld, type World } from "./world.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    loaders: { type: "string" },
    rtt: { type: "string" },
    proofs: { type: "boolean", default: false },
    undo: { type: "boolean", default: false },
    deltas: { type: "boolean", default: false },
  },
});

const scales = values.scale.split(",").map(Number);
const rounds = Number(values.rounds);
if (values.proofs) process.stdout.write(await besideProofs());
else for (const scale of scales) process.stdout.write(await measured(scale));

async function besideProofs(): Promise<string> {
  return proofsReport(await proofsByScale(scales, rounds), values.json);
}

async function measured(scale: number): Promise<string> {
  const world = await openWorld(scale);
  try {
    if (values.loaders !== undefined) return await loaders(world, values.loaders);
    if (values.rtt !== undefined) return await roundTrips(world, values.rtt);
    if (values.undo) return undoReport(await undoRounds(world, rounds));
    if (values.deltas) return deltasReport(await deltaRounds(world, rounds));
    return await besideFloor(world, scale);
  } finally {
    await world.stop();
  }
}

async function besideFloor(world: World, scale: number): Promise<string> {
  const all: Round[] = [];
  for (let n = 0; n < rounds; n++) all.push(await round(world));
  return report(
    { scale, madeOf: world.madeOf, rounds: all, redisPeak: await world.redisPeak() },
    values.json,
  );
}

async function loaders(world: World, counts: string): Promise<string> {
  return loadersReport(await byLoaders(world, counts.split(",").map(Number), rounds));
}

async function roundTrips(world: World, times: string): Promise<string> {
  return roundTripsReport(await byRoundTrip(world, times.split(",").map(Number), rounds));
}

/** Floor and ours in turn, so that a slow spell of the machine meets both. */
async function round({ floor, newTarget }: World): Promise<Round> {
  const floorSeconds = await floor();
  const [two, rerun] = await wholeRuns(await newTarget(), 2, 2);
  const [one] = await wholeRuns(await newTarget(), 1, 1);
  if (one === undefined || two === undefined || rerun === undefined)
    throw new Error("a run is missing");
  return { floorSeconds, one, two, rerun, proved: await provedRun(await newTarget()) };
}
