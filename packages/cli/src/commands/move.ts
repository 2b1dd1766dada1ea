import type { Client } from "@nexus/contract";
import { ConfigurationError } from "@nexus/shared/config";
import type { Command } from "commander";
import { newestRun, openApi } from "../api.ts";
import { apiCommand, reasonOption, wholeNumber } from "../arguments.ts";
import { print, type Printing } from "../output.ts";

interface Given extends Printing {
  readonly reason?: string;
}

const MOVES = {
  pause: "pause a run; the command returns when batches in flight are committed",
  resume: "resume a paused run",
  cancel: "cancel a run for good; what it has loaded stays",
} as const;

/** `nexus pause`, `nexus resume`, `nexus cancel` */
export function moves(program: Command): void {
  for (const verb of ["pause", "resume", "cancel"] as const)
    apiCommand(program, verb, MOVES[verb])
      .argument("[run]", "the number of a run; the newest if left out", wholeNumber)
      .addOption(reasonOption())
      .action(async (run: number | undefined, { reason, ...printing }: Given) => {
        const api = openApi();
        const answer = await api.call(`POST /v1/runs/:id/${verb}`, {
          params: { id: run ?? (await runToMove(api)) },
          body: reason === undefined ? {} : { reason },
        });
        const { runId, status, batches } = answer;
        print(
          answer,
          [`run ${runId} is ${status}${batches > 0 ? `; batches taken back: ${batches}` : ""}`],
          printing,
        );
      });
}

async function runToMove(api: Client): Promise<number> {
  const newest = await newestRun(api);
  if (newest === undefined) throw new ConfigurationError("no run was started yet: nexus start");
  return newest;
}
