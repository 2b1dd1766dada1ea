/** The story of a seed: what is wrong early, the run and what happens to it, its end, and what the oracle says. */
import { fileURLToPath } from "node:url";
import { errorCode } from "@nexus/shared/database";
import { createRun } from "@nexus/shared/ledger";
import { eventually, spawnService } from "@nexus/shared/testing";
import { z } from "zod";
import { makeFloor } from "../../beside-the-floor.ts";
import { complaints } from "./oracle.ts";
import { CATALOG, requeueAll, RUN } from "./requeue-all.ts";
import type { Event, Schedule } from "./schedule.ts";
import type { Lasting, Stage } from "./trouble.ts";
import { isBlocked, see, type Sight } from "./watch.ts";
import type { World } from "./world.ts";

/** How a seed ended well. */
export interface Ending {
  /** `equal`, or the reason why the run stopped until somebody mended it. */
  readonly end: string;
  /** Events that happened before the run was over. */
  readonly struck: number;
  /** Events that could not happen, with the error: what they would have locked was locked, or a server was away. */
  readonly vain: readonly string[];
}

const diagnosis = z.object({
  findings: z.array(z.object({ state: z.string(), code: z.string() })),
});

/** Milliseconds in which nothing may stand still, by a patient clock: silence on a connection is noticed after 15 s, a hold is probed after 30. */
const STANDS_STILL_MS = 90_000;

const NEXUS = fileURLToPath(new URL("../../../../packages/cli/dist/main.js", import.meta.url));

/** Plays a schedule. Throws an Error with all complaints, if there is one. */
export async function play(world: World, schedule: Schedule): Promise<Ending> {
  const logFrom = world.postgres.log().length;
  const round = await world.round(schedule.env);
  try {
    const done: Stage["done"] = {
      poisoned: [],
      sourceChanged: false,
      floorsBetween: [],
      moves: 0,
      movedByHand: false,
    };
    const early: Stage = { ...round, runId: 0, done };
    for (const trouble of schedule.early) await trouble.strike(early);
    if (done.sourceChanged) await makeFloor(round.postgres, round.url);
    Object.assign(done, { sourceChanged: false, floorsBetween: [] });
    round.pods.scale("extractor", schedule.extractors);
    round.pods.scale("loader", schedule.loaders);
    const stage: Stage = { ...round, done, runId: await begin(early) };
    const ending = await playOn(stage, schedule);
    const accidents = [
      ...round.pods.takeAccidents(),
      ...foreignKeyErrors(round.postgres.log().slice(logFrom)),
    ];
    if (accidents.length > 0) throw new Error(accidents.join("\n"));
    return ending;
  } catch (error) {
    await round.pods.killAll(); // They may be in the middle of something.
    throw error;
  } finally {
    await round.close();
  }
}

async function begin({ db }: Stage): Promise<number> {
  const selections = CATALOG.map((entity, position) => ({ entity, position, skip: false }));
  const runId = await createRun(db, selections, RUN);
  if (runId === undefined) throw new Error("a run is active already");
  return runId;
}

async function playOn(stage: Stage, schedule: Schedule): Promise<Ending> {
  const acting = director(stage, schedule);
  const last = await until(stage, acting, (sight) => isOver(sight) || acting.isStoppedBy(sight));
  let end = "equal";
  if (last.status !== "completed") {
    end = await stopped(stage, last, acting.struckForGood());
    await goOnMended(stage, acting);
  }
  await acting.mendAll();
  await expectNothingWrong(stage, "first");
  if (stage.done.poisoned.length > 0 || stage.done.sourceChanged || stage.done.movedByHand) {
    for (const trouble of schedule.early) await trouble.mend?.(stage);
    const quiet: Stage = { ...stage, runId: await begin(stage) };
    const { status, said } = await until(quiet, IDLE, isOver);
    if (status !== "completed") throw new Error(`a quiet run is ${status}: ${said.join("; ")}`);
    await expectNothingWrong(quiet, "quiet");
  }
  return { end, struck: acting.struck(), vain: acting.vain() };
}

/** What was blocked by batches that were in flight, is blocked once more. */
async function goOnMended(stage: Stage, acting: Acting): Promise<void> {
  for (let times = 1; times <= 3; times += 1) {
    await acting.mendAll();
    await tryAgain(stage);
    const { status, said } = await until(stage, acting, isOver);
    if (status === "completed") return;
    if (times === 3)
      throw new Error(`the run does not go on when all is mended: ${said.join("; ")}`);
  }
}

async function expectNothingWrong(stage: Stage, phase: "first" | "quiet"): Promise<void> {
  const wrong = await complaints(stage, phase);
  if (wrong.length > 0)
    throw new Error(
      `completed with differences (${phase} run):\n${wrong.slice(0, 30).join("\n")}\n${wrong.length} in all`,
    );
}

function isOver({ status }: Sight): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** `unseen`: the ledger itself is locked. Nobody can say anything then, and no batch can be finished. */
async function until(
  { db, runId }: Stage,
  { act, unseen }: Pick<Acting, "act" | "unseen">,
  wanted: (sight: Sight) => boolean,
): Promise<Sight> {
  const letOthersSee = async (error: unknown): Promise<never> => {
    if (errorCode(error) === "55P03") await unseen();
    throw error;
  };
  return await eventually(
    async () => {
      const sight = await see(db, runId).catch(letOthersSee);
      await act(sight);
      return sight;
    },
    { until: (sight) => wanted(sight) || isBlocked(sight), within: STANDS_STILL_MS, every: 20 },
  );
}

type Acting = ReturnType<typeof director>;

/** Nothing happens to a quiet run. */
const IDLE: Pick<Acting, "act" | "unseen"> = {
  act: () => Promise.resolve(),
  unseen: () => Promise.resolve(),
};

/** What happens when: struck once its moment is reached, mended after so many batches or as soon as the run says what holds it up. */
function director(stage: Stage, { events, lasting }: Schedule) {
  const forGood: Event | undefined = lasting && { ...lasting, lasts: Infinity };
  const all = forGood === undefined ? events : [...events, forGood];
  const waiting = new Set<Event>(all);
  /** With the batches that were done when it was struck. */
  const active = new Map<Event, number>();
  const mend = async (event: Event): Promise<void> => {
    await event.trouble.mend?.(stage);
    active.delete(event);
  };
  const vain: string[] = [];
  const isStruck = (): boolean => forGood !== undefined && !waiting.has(forGood);
  return {
    act: async (sight: Sight): Promise<void> => {
      for (const [event, since] of active)
        if (sight.done >= since + event.lasts || (event !== forGood && sight.said.length > 0))
          await mend(event);
      for (const event of waiting) {
        if (isOver(sight) || !event.at.reached(sight)) continue;
        waiting.delete(event);
        active.set(event, sight.done);
        await event.trouble
          .strike(stage)
          .catch((error: unknown) => vain.push(`${event.trouble.says}: ${String(error)}`));
      }
    },
    unseen: async (): Promise<void> => {
      for (const event of active.keys()) if (event !== forGood) await mend(event);
    },
    isStoppedBy: ({ said }: Sight): boolean =>
      isStruck() && said.some((one) => lasting?.trouble.reason.test(one)),
    struckForGood: (): Lasting | undefined => (isStruck() ? lasting?.trouble : undefined),
    mendAll: async (): Promise<void> => {
      for (const event of active.keys()) await mend(event);
    },
    struck: () => all.length - waiting.size,
    vain: () => vain,
  };
}

/** The reason for a stop, which must be the lasting trouble's. */
async function stopped(
  stage: Stage,
  { status, said }: Sight,
  lasting: Lasting | undefined,
): Promise<string> {
  const reason = lasting && said.find((one) => lasting.reason.test(one));
  if (lasting === undefined || reason === undefined)
    throw new Error(`the run is ${status} and stopped for no true reason: ${said.join("; ")}`);
  if (lasting.finding !== undefined) await expectFinding(stage, lasting.finding);
  return reason.replace(/^(stall).*/, "$1");
}

async function expectFinding({ env }: Stage, finding: RegExp): Promise<void> {
  const doctor = spawnService({
    name: "nexus doctor",
    main: NEXUS,
    args: ["doctor", "--json"],
    env: { ...env, NEXUS_API_URL: "http://127.0.0.1:1" },
  });
  await doctor.exited;
  const { findings } = diagnosis.parse(JSON.parse(doctor.output()));
  const wrong = findings.filter(({ state }) => state === "wrong").map(({ code }) => code);
  if (!wrong.some((code) => finding.test(code)))
    throw new Error(`the doctor finds ${wrong.join(", ")}, not ${finding.source}`);
}

/** As whoever mended the cause does: what failed is requeued, and what was refused. */
async function tryAgain({ db, runId }: Stage): Promise<void> {
  const { rows } = await db.query<{ entity: string }>(
    "select entity from migration.run_entities where run_id = $1 and status = 'blocked' order by position",
    [runId],
  );
  for (const { entity } of rows) await requeueAll(db, entity);
}

/** No foreign key ever refuses anything: parents are there before their children. */
function foreignKeyErrors(log: string): string[] {
  return log.split("\n").filter((line) => line.includes("violates foreign key"));
}
