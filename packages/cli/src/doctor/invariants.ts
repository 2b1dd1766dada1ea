/** The invariants of the ledger and of both databases: what is said of one that is broken. Keys and counts, never a value. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import { type Pool, readOnly } from "@nexus/shared/database";
import { type Broken, brokenInvariants, missingKeys } from "@nexus/shared/ledger";
import { count } from "../words.ts";
import { type Finding, well, wrong } from "./finding.ts";

/** A page of keys, or one table read once. */
const STATEMENT_MS = 60_000;

/** What does not hold of the ledger and the target. */
export async function examineInvariants(target: Pool): Promise<Finding[]> {
  const broken = await readOnly(target, (tx) => brokenInvariants(tx, inDependencyOrder(entities)), {
    statementMs: STATEMENT_MS,
  });
  if (broken.length === 0)
    return [well("run", "every invariant of the ledger and the target holds")];
  return broken.map((one) =>
    wrong(
      "run",
      "invariant_broken",
      sentence(one),
      `look at ${one.entity}; nexus requeue ${one.entity} --scope all reads it anew`,
    ),
  );
}

/** Keys of the source without an outcome, of those that the newest runs read: what came behind them is left to the next run. */
export async function examineKeys(legacy: Pool, target: Pool): Promise<Finding[]> {
  const broken = await missingKeys(legacy, target, inDependencyOrder(entities), {
    statementMs: STATEMENT_MS,
  });
  if (broken.length === 0)
    return [well("run", "every key that the newest runs read has an outcome")];
  return broken.map((one) => {
    const next = `nexus requeue ${one.entity} --scope all reads them anew`;
    return wrong("run", "keys_without_outcome", sentence(one), next);
  });
}

function sentence({ name, says, entity, count: found, some }: Broken): string {
  return `${entity}: ${says}; ${name} is broken ${count(found)} times${some === null ? "" : ` (${some})`}`;
}
