/** A journey: a sample, a migrated target and the services as real processes, for one test. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import { makeSample, type SampleOptions } from "@nexus/local/sample";
import { type ServiceName, serviceToRun, type ServiceToRun } from "@nexus/local/services";
import { inTransaction, openPool, type Pool } from "@nexus/shared/database";
import {
  brokenInvariants,
  createRun,
  type EntityProgress,
  findRun,
  migrateTarget,
  missingKeys,
  progressOf,
} from "@nexus/shared/ledger";
import { type Closers, closers } from "@nexus/shared/runtime";
import type { RunMode } from "@nexus/shared/states";
import {
  eventually,
  type RunningStack,
  type ServiceProcess,
  type Stack,
  startService,
} from "@nexus/shared/testing";

export interface JourneyOptions {
  readonly sample?: Partial<SampleOptions>;
  /** Added to the environment of every service. */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs before the services start; what it returns is added to their environment too. */
  readonly prepare?: (stack: RunningStack) => Promise<Readonly<Record<string, string>>>;
  /** Fills the target before it is migrated, as an earlier tool would have. */
  readonly fill?: (stack: RunningStack) => Promise<void>;
  readonly extractors?: number;
  readonly loaders?: number;
  /** None unless said otherwise. */
  readonly embedders?: number;
  /** Invariants that the test itself breaks: it takes away what a run has loaded. */
  readonly brokenByHand?: readonly string[];
  /** What its runs have in common. */
  readonly run?: RunOptions;
}

interface RunOptions {
  readonly skip?: readonly string[];
  readonly only?: readonly string[];
  readonly embeddings?: boolean;
  readonly dify?: boolean;
  readonly accounts?: boolean;
  readonly lossPercent?: number;
  readonly mode?: RunMode;
  readonly codes?: string;
}

export interface Journey {
  readonly stack: RunningStack;
  readonly legacy: Pool;
  readonly target: Pool;
  /** Every process that was started, the dead ones too. */
  readonly services: readonly ServiceProcess[];
  /** Starts one more process; `env` is added to its environment, `fileOf` finds its main file where it is not of this build. */
  start(
    service: ServiceName,
    env?: Readonly<Record<string, string>>,
    fileOf?: (built: string) => string,
  ): Promise<ServiceProcess>;
  /** How a service is started; `env` is added to its environment. */
  specOf(service: ServiceName, env?: Readonly<Record<string, string>>): ServiceToRun;
  /** Creates a run and returns its id. */
  begin(options?: RunOptions): Promise<number>;
  /** Waits until a run is completed: then every invariant holds, and every key of the source has an outcome. `within`: how long nothing may change, in milliseconds. */
  completed(runId: number, within?: number): Promise<readonly EntityProgress[]>;
  close(): Promise<void>;
}

/** The namespace that floor.sql uses, so that ids can be compared. */
const NAMESPACE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

/** Ticks and locks short enough for tests. */
const FAST = {
  TICK_MS: "50",
  IDLE_TICK_MS: "50",
  CARE_MS: "300",
  QUEUE_LOCK_MS: "3000",
  QUEUE_STALLED_MS: "1000",
  EMBEDDING_PROVIDER: "local",
};

/** Opens the stack, makes the sample (scale 0.02 unless said otherwise), migrates the target, starts the services. */
export async function openJourney(stack: Stack, options: JourneyOptions = {}): Promise<Journey> {
  const open = closers();
  try {
    return await assemble(stack, options, open);
  } catch (error) {
    await open.closeAll();
    throw error;
  }
}

async function assemble(
  stack: Stack,
  {
    sample = {},
    env = {},
    prepare,
    fill,
    extractors = 1,
    loaders = 1,
    embedders = 0,
    brokenByHand = [],
    run: common = {},
  }: JourneyOptions,
  open: Closers,
): Promise<Journey> {
  const running = await stack.start();
  open.push("stack", () => running.stop());
  const [legacy, target] = [poolTo(running.legacyUrl, open), poolTo(running.targetUrl, open)];
  await makeSample({ url: running.legacyUrl, scale: 0.02, seed: 1, shape: "real", ...sample });
  await fill?.(running);
  await migrateTarget({ target, entities, idNamespace: NAMESPACE });
  const prepared = await prepare?.(running);
  const specOf: Journey["specOf"] = (service, more = {}) =>
    serviceToRun(service, running, { ...FAST, ...env, ...prepared, ...more });
  const launch: Journey["start"] = async (service, more, fileOf = (built) => built) => {
    const built = specOf(service, more);
    const started = await startService({ ...built, main: fileOf(built.main) });
    open.push(service, () => started.kill("SIGTERM"));
    return started;
  };
  // The extractor is the first of them, whichever is ready first.
  const names = many({ extractor: extractors, loader: loaders, embedder: embedders });
  const services = await Promise.all(names.map((name) => launch(name)));
  return {
    stack: running,
    legacy,
    target,
    services,
    start: async (...asked) => {
      const started = await launch(...asked);
      services.push(started);
      return started;
    },
    specOf,
    begin: (run) => begin(target, { ...common, ...run }),
    completed: (runId, within) => completed({ legacy, target }, runId, brokenByHand, within),
    close: () => open.closeAll(),
  };
}

function poolTo(url: string, open: Closers): Pool {
  const made = openPool({
    url,
    max: 3,
    name: "nexus-test",
    silenceMs: 10_000,
    onError: () => undefined,
  });
  open.push("pool", () => made.end());
  return made;
}

function many(counts: Readonly<Partial<Record<ServiceName, number>>>): ServiceName[] {
  const names = ["extractor", "loader", "embedder"] as const;
  return names.flatMap((name) => Array<ServiceName>(counts[name] ?? 0).fill(name));
}

async function begin(
  target: Pool,
  {
    skip = [],
    only,
    embeddings = false,
    dify = false,
    accounts = false,
    lossPercent,
    mode,
    codes = "{}",
  }: RunOptions = {},
): Promise<number> {
  const selections = inDependencyOrder(entities)
    .map(({ name }, position) => ({ entity: name, position, skip: skip.includes(name) }))
    .filter(({ entity }) => only === undefined || only.includes(entity));
  const runId = await inTransaction(target, (tx) =>
    createRun(tx, selections, { embeddings, dify, accounts, codes, lossPercent, mode }),
  );
  if (runId === undefined) throw new Error("a run is active already");
  return runId;
}

/** A run's status, and how far it is: as long as that changes, nothing stands still. */
async function standing(
  target: Pool,
  runId: number,
): Promise<{ status: string | undefined; ended: number }> {
  const { rows } = await target.query<{ ended: number }>(
    "select count(*) filter (where finished_at is not null) as ended from migration.batches where run_id = $1",
    [runId],
  );
  return { status: (await findRun(target, runId))?.status, ended: rows[0]?.ended ?? 0 };
}

async function completed(
  { legacy, target }: Pick<Journey, "legacy" | "target">,
  runId: number,
  brokenByHand: readonly string[],
  within = 120_000,
): Promise<EntityProgress[]> {
  await eventually(() => standing(target, runId), {
    until: ({ status }) => status === "completed",
    within,
    every: 100,
  });
  const all = [
    ...(await brokenInvariants(target, entities)),
    ...(await missingKeys(legacy, target, entities)),
  ];
  const broken = all.filter(({ name }) => !brokenByHand.includes(name));
  if (broken.length > 0)
    throw new Error(`run ${runId} is completed, but ${JSON.stringify(broken)}`);
  return await progressOf(target, runId);
}
