import { entities, inDependencyOrder } from "@nexus/catalog";
import { legacyUrl, parseConfig, StartFailure, targetUrl } from "@nexus/shared/config";
import { type Pool, preflightLegacy, preflightTarget, withPool } from "@nexus/shared/database";
import type { Command } from "commander";

const variables = {
  LEGACY_URL: legacyUrl,
  TARGET_URL: targetUrl,
};

/** `nexus preflight`: says whether a migration could run now, and what to mend if not. Changes nothing. */
export function preflight(program: Command): void {
  program
    .command("preflight")
    .description("check both databases without changing anything (reads LEGACY_URL, TARGET_URL)")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: true }) => {
      const config = parseConfig(variables, process.env);
      const ordered = inDependencyOrder(entities);
      const legacy = await checked(config.LEGACY_URL, (pool) => preflightLegacy(pool, ordered));
      const target = await checked(config.TARGET_URL, (pool) => preflightTarget(pool, ordered));
      if (json === true)
        process.stdout.write(`${JSON.stringify({ legacy: facts(legacy), target: facts(target) })}\n`);
      throwWorst([legacy, target]);
      if (json !== true) process.stdout.write("both databases are ready\n");
    });
}

/** The failure of a check, if it failed. Anything but a `StartFailure` is a defect and thrown on. */
async function checked(
  url: string,
  check: (pool: Pool) => Promise<unknown>,
): Promise<StartFailure | undefined> {
  try {
    await withPool({ url, max: 1, name: "nexus-preflight" }, check);
    return undefined;
  } catch (error) {
    if (error instanceof StartFailure) return error;
    throw error;
  }
}

function facts(failure: StartFailure | undefined): { ready: boolean; problem?: string } {
  return failure === undefined ? { ready: true } : { ready: false, problem: failure.message };
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
