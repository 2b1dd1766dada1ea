import { entities, inDependencyOrder } from "@nexus/catalog";
import {
  connectionsNeeded,
  legacyUrl,
  optionalQueueUrl,
  parseConfig,
  plainTextRisk,
  queueVariables,
  sourceVariables,
  StartFailure,
  targetUrl,
} from "@nexus/shared/config";
import {
  connectionNotes,
  notesOnTarget,
  type Pool,
  preflightLegacy,
  preflightTarget,
  privacyNotes,
  withPool,
} from "@nexus/shared/database";
import type { Command } from "commander";
import { poolVariables } from "../doctor/settings.ts";

const variables = {
  LEGACY_URL: legacyUrl,
  ...sourceVariables,
  TARGET_URL: targetUrl,
  ...poolVariables,
  ...queueVariables,
  QUEUE_URL: optionalQueueUrl({ meaning: "the queue, looked at if it is set" }),
};

/** `nexus preflight`: says whether a migration could run now, and what to mend if not. Changes nothing. */
export function preflight(program: Command): void {
  program
    .command("preflight")
    .description(
      "check both databases, and the queue if it is set, without changing anything (reads LEGACY_URL, TARGET_URL, QUEUE_URL)",
    )
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: true }) => {
      const config = parseConfig(variables, process.env);
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
          ...few,
        ];
      });
      const queue = await checkedQueue(config.QUEUE_URL, config.QUEUE_PREFIX);
      const warnings = [
        ...plainTextRisk("LEGACY_URL", config.LEGACY_URL),
        ...plainTextRisk("TARGET_URL", config.TARGET_URL),
        ...queue.warnings,
      ].map(({ says }) => says);
      if (json === true) {
        const asked = config.QUEUE_URL === undefined ? {} : { queue: facts(queue) };
        print({ legacy: facts(legacy), target: facts(target), ...asked, warnings });
      } else for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
      throwWorst([legacy.failure, target.failure, queue.failure]);
      if (json === true) return;
      for (const note of legacy.notes) process.stdout.write(`source: ${note}\n`);
      for (const note of target.notes) process.stdout.write(`target: ${note}\n`);
      process.stdout.write(
        config.QUEUE_URL === undefined
          ? "both databases are ready\n"
          : "both databases are ready, and so is the queue\n",
      );
    });
}

function print(facts: object): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
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
function throwWorst(checks: readonly (StartFailure | undefined)[]): void {
  const failures = checks.filter((failure) => failure !== undefined);
  if (failures.length === 0) return;
  throw new StartFailure(
    failures.map(({ message }) => message).join("; "),
    Math.max(...failures.map(({ exitCode }) => exitCode)),
  );
}
