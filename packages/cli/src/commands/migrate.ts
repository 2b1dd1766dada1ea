import { entities, inDependencyOrder } from "@nexus/catalog";
import { parseConfig, targetUrl, type Variable } from "@nexus/shared/config";
import { withPool } from "@nexus/shared/database";
import { type Migrated, migrateTarget } from "@nexus/shared/ledger";
import type { Command } from "commander";
import { z } from "zod";

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
    .action(async ({ json }: { json?: true }) => {
      const config = parseConfig(variables, process.env);
      const migrated = await withPool(
        { url: config.TARGET_URL, max: 1, name: "nexus-migrate" },
        (target) =>
          migrateTarget({
            target,
            entities: inDependencyOrder(entities),
            idNamespace: config.ID_NAMESPACE,
          }),
      );
      process.stdout.write(`${json === true ? JSON.stringify(migrated) : inWords(migrated)}\n`);
    });
}

function inWords({ applied, leftOut, toMend = [] }: Migrated): string {
  const done = applied.length > 0 ? applied : ["nothing to do: the target is up to date"];
  const said = [
    ...leftOut.map((what) => `left out ${what}`),
    ...toMend.map((what) => `to mend: ${what}`),
  ];
  return [...done, ...said].join("\n");
}
