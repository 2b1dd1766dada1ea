/** What is answered when a run was started. */
import type { Deps } from "./deps.ts";
import { forecastOf } from "./forecast.ts";
import { backupWarning } from "./warnings.ts";

interface Run {
  readonly runId: number;
  readonly entities: readonly string[];
}

/** What of a run may be left out where it is asked for: embeddings are made, and Dify is filled, where this API says so. */
export function optionsOf(
  deps: Pick<Deps, "codes" | "embeddings" | "dify" | "lossPercent">,
  asked: {
    embeddings?: boolean | undefined;
    dify?: boolean | undefined;
    lossPercent?: number | undefined;
  },
) {
  return {
    codes: deps.codes,
    embeddings: asked.embeddings ?? deps.embeddings,
    dify: asked.dify ?? deps.dify,
    lossPercent: asked.lossPercent ?? deps.lossPercent,
  };
}

/** With what its owner should know before it writes. */
export async function startedAnswer(deps: Deps, run: Run, { embeddings }: { readonly embeddings: boolean }) {
  return {
    runId: run.runId,
    entities: [...run.entities],
    warnings: [backupWarning(deps, run.runId)],
    forecast: embeddings ? await forecastOf(deps.target) : null,
  };
}
