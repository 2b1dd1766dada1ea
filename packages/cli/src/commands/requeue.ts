import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";

interface Given extends Printing {
  readonly scope: "failed" | "rejected" | "parked" | "all";
  readonly because?: string;
  readonly reason?: string;
}

/** `nexus requeue` */
export function requeue(program: Command): void {
  apiCommand(
    program,
    "requeue",
    "try an entity's rows again: in the active run, else in a repair run",
  )
    .addArgument(entityArgument("<entity>"))
    .addOption(
      new Option("--scope <scope>", "failed batches, rows with an exception, or all")
        .choices(["failed", "rejected", "parked", "all"])
        .default("failed"),
    )
    .option("--because <code>", "with rejected or parked: only exceptions of this reason")
    .addOption(reasonOption())
    .action(async (entity: string, { json, ...body }: Given) => {
      const answer = await openApi().call("POST /v1/entities/:entity/requeue", {
        params: { entity },
        body,
      });
      const { kind, runId, batches } = answer;
      const says = {
        requeued: `run ${runId} tries ${batches} batches of ${entity} again`,
        repair_started: `run ${runId} is started to repair ${entity}: ${batches} batches`,
        nothing_to_requeue: `nothing to requeue: ${entity} has nothing ${soughtIn(body)}; other scopes may have (--scope rejected, parked or all); what was never read is read by the next run: nexus start`,
      };
      print(answer, [says[kind]], { json });
    });
}

/** What was looked for. */
function soughtIn({ scope, because }: Pick<Given, "scope" | "because">): string {
  const rows = scope === "all" ? "that was read before" : scope;
  return because === undefined ? rows : `${rows} because of ${because}`;
}
