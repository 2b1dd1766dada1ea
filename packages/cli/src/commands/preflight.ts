import { entities, inDependencyOrder } from "@nexus/catalog";
import {
  backupVariables,
  type Config,
  ConfigurationError,
  connectionsNeeded,
  legacyUrl,
  optionalQueueUrl,
  parseConfig,
  plainTextRisk,
  queueVariables,
  sourceVariables,
  StartFailure,
  targetUrl,
  UnavailableError,
  unreadVariables,
} from "@nexus/shared/config";
import {
  connectionNotes,
  lentSessions,
  notesOnTarget,
  type Pool,
  preflightBackup,
  preflightLegacy,
  preflightTarget,
  privacyNotes,
  sharedDatabases,
  withPool,
} from "@nexus/shared/database";
import type { Command } from "commander";
import { poolVariables } from "../doctor/settings.ts";
import { write } from "../output.ts";
import { forecastDone, forecastLines } from "./forecast.ts";

const variables = {
  LEGACY_URL: legacyUrl,
  ...sourceVariables,
  TARGET_URL: targetUrl,
  ...poolVariables,
  ...backupVariables,
  ...queueVariables,
  QUEUE_URL: optionalQueueUrl({ meaning: "the queue, looked at if it is set" }),
};

interface Given {
  readonly json?: true;
  readonly forecast?: true;
}

/** `nexus preflight`: says whether a migration could run now, and what to mend if not. Changes nothing. */
export function preflight(program: Command): void {
  program
    .command("preflight")
    .description(
      "check both databases, and the queue if it is set, without changing anything (reads LEGACY_URL, TARGET_URL, QUEUE_URL)",
    )
    .option("--json", "print one JSON object")
    .option(
      "--forecast",
      "if all is ready, go on with what `nexus forecast` says; it needs the API and an extractor (reads NEXUS_API_URL, NEXUS_TOKEN, too)",
    )
    .action(async (given: Given) => {
      const config = parseConfig(variables, process.env);
      const found = await examine(config);
      const { legacy, target, queue } = found;
      const failures = [legacy.failure, target.failure, queue.failure].filter(
        (failure) => failure !== undefined,
      );
      if (given.json === true) {
        await printFacts(config, found, given.forecast === true && failures.length === 0);
        return throwWorst(failures);
      }
      for (const warning of found.warnings) process.stderr.write(`warning: ${warning}\n`);
      throwWorst(failures);
      write(linesOf(config, found));
      if (given.forecast === true) write(forecastLines(await forecastDone({})));
    });
}

type Settings = Config<typeof variables>;

async function examine(config: Settings) {
  const ordered = inDependencyOrder(entities);
  const legacy = await checked(config.LEGACY_URL, async (pool) => {
    const { notes } = await preflightLegacy(pool, ordered, config);
    const needed = connectionsNeeded("legacy", config.LEGACY_POOL);
    return [
      ...notes.map(({ says }) => says),
      ...(await connectionNotes(pool, needed, "LEGACY_POOL")),
    ];
  });
  const target = await checked(config.TARGET_URL, async (pool) => {
    await preflightTarget(pool, ordered);
    const needed = connectionsNeeded("target", config.TARGET_POOL);
    const few = await connectionNotes(pool, needed, "TARGET_POOL");
    return [
      ...(await notesOnTarget(pool, ordered)),
      ...(await privacyNotes(pool, ordered)),
      ...(await backupNotes(config, pool)),
      ...few,
      ...(await lentSessions(pool)),
    ];
  });
  const queue = await checkedQueue(config.QUEUE_URL, config.QUEUE_PREFIX);
  const warnings = [
    ...unreadVariables(process.env),
    ...plainTextRisk("LEGACY_URL", config.LEGACY_URL),
    ...plainTextRisk("TARGET_URL", config.TARGET_URL),
    ...queue.warnings,
    ...(isAway(legacy) || isAway(target) ? [] : await sharedDatabases(config)),
  ].map(({ says }) => says);
  return { legacy, target, queue, warnings };
}

/** Whoever did not answer is not asked again. */
function isAway({ failure }: Checked): boolean {
  return failure instanceof UnavailableError;
}

/** What would keep an extractor on this machine from taking backups. A note: extractors may run elsewhere, and look for themselves. */
async function backupNotes(config: Settings, target: Pool): Promise<string[]> {
  try {
    await preflightBackup(config, target);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [`an extractor would not start here: ${error.message}`];
  }
}

type Found = Awaited<ReturnType<typeof examine>>;

function linesOf({ QUEUE_URL }: Settings, { legacy, target }: Found): string[] {
  return [
    ...legacy.notes.map((note) => `source: ${note}`),
    ...target.notes.map((note) => `target: ${note}`),
    QUEUE_URL === undefined
      ? "both databases are ready"
      : "both databases are ready, and so is the queue",
  ];
}

/** One object, with the forecast if there is one. What was found is printed even where the forecast cannot be had. */
async function printFacts(
  { QUEUE_URL }: Settings,
  { legacy, target, queue, warnings }: Found,
  forecasts: boolean,
): Promise<void> {
  const asked = QUEUE_URL === undefined ? {} : { queue: facts(queue) };
  const found = { legacy: facts(legacy), target: facts(target), ...asked, warnings };
  if (!forecasts) return print(found);
  try {
    print({ ...found, forecast: await forecastDone({}) });
  } catch (error) {
    print(found);
    throw error;
  }
}

function print(facts: object): void {
  write([JSON.stringify(facts)]);
}

/** Whether the queue can be opened, and what it warns of. Its client takes long to load: only where there is a queue. */
async function checkedQueue(url: string | undefined, prefix: string) {
  if (url === undefined) return { failure: undefined, warnings: [] };
  try {
    const { examineTransport } = await import("@nexus/shared/queue");
    return { failure: undefined, warnings: await examineTransport({ url, prefix }) };
  } catch (failure) {
    if (failure instanceof StartFailure) return { failure, warnings: [] };
    throw failure;
  }
}

/** What a check found: why it failed, if it did, or what is worth knowing. */
interface Checked {
  readonly failure?: StartFailure | undefined;
  readonly notes?: readonly string[];
}

/** Anything but a `StartFailure` is a defect and thrown on. */
async function checked(url: string, check: (pool: Pool) => Promise<readonly string[]>) {
  try {
    return {
      notes: await withPool({ url, max: 1, name: "nexus-preflight" }, check),
      failure: undefined,
    };
  } catch (error) {
    if (error instanceof StartFailure) return { failure: error, notes: [] };
    throw error;
  }
}

function facts({ failure, notes = [] }: Checked) {
  return failure === undefined
    ? { ready: true, ...(notes.length > 0 ? { notes } : {}) }
    : { ready: false, problem: failure.message };
}

/** Both messages in one line, with the exit code of the graver one: what cannot be reached cannot be mended by configuration. */
function throwWorst(failures: readonly StartFailure[]): void {
  if (failures.length === 0) return;
  throw new StartFailure(
    failures.map(({ message }) => message).join("; "),
    Math.max(...failures.map(({ exitCode }) => exitCode)),
  );
}
