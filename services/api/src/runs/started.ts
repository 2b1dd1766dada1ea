/** What is answered when a run was started. */
import { backupsAreTaken } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { forecastOf } from "./forecast-embedding.ts";

interface Run {
  readonly runId: number;
  readonly entities: readonly string[];
}

/** The options of a run. What a request leaves out is as the API's variables say. */
export function optionsOf(
  deps: Pick<Deps, "codes" | "embeddings" | "dify" | "accounts" | "lossPercent">,
  asked: {
    embeddings?: boolean | undefined;
    dify?: boolean | undefined;
    accounts?: boolean | undefined;
    lossPercent?: number | undefined;
  },
) {
  return {
    codes: deps.codes,
    embeddings: asked.embeddings ?? deps.embeddings,
    dify: asked.dify ?? deps.dify,
    accounts: asked.accounts ?? deps.accounts,
    lossPercent: asked.lossPercent ?? deps.lossPercent,
  };
}

/** The answer to a start, with what the operator should know before the run writes. */
export async function startedAnswer(
  deps: Deps,
  run: Run,
  { embeddings }: { readonly embeddings: boolean },
) {
  return {
    runId: run.runId,
    entities: [...run.entities],
    warnings: [await backupWarning(deps, run.runId)],
    forecast: embeddings ? await forecastOf(deps.target) : null,
  };
}

/** What a person who starts a run must be told. It is logged as well. */
async function backupWarning({ log, target, backupCommand }: Deps, runId: number): Promise<string> {
  if (await backupsAreTaken(target))
    return "an extractor with BACKUP=pg_dump is there: each entity is backed up before anything of it is written (nexus backups)";
  log.warn({ runId, backupCommand }, "a backup of the target is the operator's duty");
  return `no backup is taken (BACKUP=off): a backup of the target is your duty, and best made before the run writes: ${backupCommand}; or let extractors take them, with BACKUP=pg_dump and BACKUP_TO`;
}
