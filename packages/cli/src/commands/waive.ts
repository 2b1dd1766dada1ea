import type { Command } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";

interface Given extends Printing {
  readonly reason: string;
  readonly withoutBackup?: true;
}

/** `nexus waive` */
export function waive(program: Command): void {
  apiCommand(program, "waive", "let the children of a blocked entity go on without what it lacks")
    .addArgument(entityArgument("<entity>"))
    .addOption(reasonOption().makeOptionMandatory())
    .option(
      "--without-backup",
      "if it is blocked because its backup failed: have it written without one",
    )
    .action(async (entity: string, { reason, withoutBackup, ...printing }: Given) => {
      const answer = await openApi().call("POST /v1/entities/:entity/waive", {
        params: { entity },
        body: { reason, withoutBackup },
      });
      const { tables = [entity] } = answer;
      const goesOn =
        answer.withoutBackup === true
          ? `it is written without a backup, and ${tables.join(", ")} changed without a copy`
          : "its children go on";
      print(answer, [`${entity} is waived in run ${answer.runId}: ${goesOn}`], printing);
    });
}
