import type { Command } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";

interface Given extends Printing {
  readonly reason: string;
}

/** `nexus waive` */
export function waive(program: Command): void {
  apiCommand(program, "waive", "let the children of a blocked entity go on without what it lacks")
    .addArgument(entityArgument("<entity>"))
    .addOption(reasonOption().makeOptionMandatory())
    .action(async (entity: string, { reason, ...printing }: Given) => {
      const answer = await openApi().call("POST /v1/entities/:entity/waive", {
        params: { entity },
        body: { reason },
      });
      print(answer, [`${entity} is waived in run ${answer.runId}: its children go on`], printing);
    });
}
