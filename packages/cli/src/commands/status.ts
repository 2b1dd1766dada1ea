import { type Client, openClient } from "@nexus/contract";
import type { Command } from "commander";
import { apiOptions, newestRun } from "../api.ts";
import { apiCommand, wholeNumber } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing } from "../output.ts";
import { isOver, needsPerson, type Progress, progressLines, untilOver } from "../progress/index.ts";

interface Given extends Printing {
  readonly run?: number;
  readonly once?: true;
}

/** `nexus status` */
export function status(program: Command): void {
  apiCommand(
    program,
    "status",
    "show how far the active run is, or the newest: live on a terminal, once elsewhere",
  )
    .option("--run <number>", "the number of a run to show instead, once", wholeNumber)
    .option("--once", "show it once, also on a terminal")
    .action(async (given: Given) => {
      const progress = await show(given);
      if (needsPerson(progress)) process.exitCode = EXIT_CODES.unwell.code;
    });
}

async function show(given: Given): Promise<Progress> {
  const options = apiOptions();
  const progress = await ask(openClient(options), given.run);
  const isLive =
    process.stdout.isTTY && given.json !== true && given.once !== true && given.run === undefined;
  if (isLive && progress.run !== null && !isOver(progress))
    return await untilOver(options, progress.run.id, given);
  print(progress, progressLines(progress), given);
  return progress;
}

/** `/v1/progress` may be a moment old, which somebody who has just started a run would take for the run before: so it is asked for by number. */
async function ask(api: Client, run: number | undefined): Promise<Progress> {
  const id = run ?? (await newestRun(api));
  return id === undefined
    ? await api.call("GET /v1/progress")
    : await api.call("GET /v1/runs/:id", { params: { id } });
}
