/** `npm run bench -- [--scale N] [--rounds N] [--json | --loaders 1,2,4 | --proofs | --undo | --deltas]`: the whole run beside its floor, by the number of loaders, beside its proofs, with undo and without, or beside deltas. */
import { parseArgs } from "node:util";
import { deltaRounds, deltasReport } from "./deltas.ts";
import { byLoaders, loadersReport } from "./loaders.ts";
import { type Proved, provedRun } from "./proved-run.ts";
import { provedLines, report, type Round } from "./report.ts";
import { undoReport, undoRounds } from "./undo.ts";
import { wholeRuns } from "./whole-run.ts";
import { openWorld, type World } from "./world.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    loaders: { type: "string" },
    proofs: { type: "boolean", default: false },
    undo: { type: "boolean", default: false },
    deltas: { type: "boolean", default: false },
  },
});

const scale = Number(values.scale);
const world = await openWorld(scale);
try {
  process.stdout.write(await measured());
} finally {
  await world.stop();
}

async function measured(): Promise<string> {
  if (values.loaders !== undefined) return await loaders(values.loaders);
  if (values.undo) return undoReport(await undoRounds(world, Number(values.rounds)));
  if (values.deltas) return deltasReport(await deltaRounds(world, Number(values.rounds)));
  return values.proofs ? await besideProofs() : await besideFloor();
}

/** Without the floor: a round takes a third of the time. */
async function besideProofs(): Promise<string> {
  const rounds: Proved[] = [];
  for (let n = 0; n < Number(values.rounds); n++)
    rounds.push(await provedRun(await world.newTarget()));
  return values.json
    ? `${JSON.stringify({ scale, rounds })}\n`
    : `${provedLines(rounds).join("\n")}\n`;
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
  return { floorSeconds, one, two, rerun, proved: await provedRun(await newTarget()) };
}
