import { entities, inDependencyOrder } from "@nexus/catalog";
import { parseConfig, targetUrl, type Variable } from "@nexus/shared/config";
import { type Pool, withPool } from "@nexus/shared/database";
import { type Migrated, migrateTarget, untilMigrated } from "@nexus/shared/ledger";
import type { Command } from "commander";
import { z } from "zod";
import { wholeNumber } from "../arguments.ts";

const idNamespace: Variable<string | undefined> = {
  schema: z.guid("must be a UUID").optional(),
  meaning: "the namespace of new ids; the same one gives a rehearsal and production the same ids",
  danger: "it cannot be changed once the target is migrated",
};

const variables = {
  TARGET_URL: targetUrl,
  ID_NAMESPACE: idNamespace,
};

/** `nexus migrate`: brings the target to the schema of this release. */
export function migrate(program: Command): void {
  program
    .command("migrate")
    .description(
      "create or extend the target's tables and the ledger (reads TARGET_URL, ID_NAMESPACE)",
    )
    .option("--json", "print one JSON object")
    .option(
      "--wait-only <minutes>",
      "change nothing: end when another has migrated the target to this release; 3 when it is not within that time",
      wholeNumber,
    )
    .action(async ({ json, waitOnly }: { json?: true; waitOnly?: number }) => {
      const config = parseConfig(variables, process.env);
      const pool = { url: config.TARGET_URL, max: 1, name: "nexus-migrate" };
      const migrated = await withPool(pool, async (target) =>
        waitOnly === undefined
          ? await migrateTarget({
              target,
              entities: inDependencyOrder(entities),
              idNamespace: config.ID_NAMESPACE,
            })
          : await awaitOnly(target, waitOnly),
      );
      process.stdout.write(`${json === true ? JSON.stringify(migrated) : inWords(migrated)}\n`);
    });
}

async function awaitOnly(target: Pool, minutes: number): Promise<Migrated> {
  await untilMigrated(target, minutes);
  return { applied: [], leftOut: [] };
}

function inWords({ applied, leftOut, toMend = [] }: Migrated): string {
  const done = applied.length > 0 ? applied : ["nothing to do: the target is up to date"];
  const said = [
    ...leftOut.map((what) => `left out ${what}`),
    ...toMend.map((what) => `to mend: ${what}`),
  ];
  return [...done, ...said].join("\n");
}
