import { type Command, InvalidArgumentError, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";

interface Given extends Printing {
  readonly lossPercent?: number;
  readonly gonePercent?: number;
  readonly reason: string;
}

/** `nexus limit` */
export function limit(program: Command): void {
  apiCommand(
    program,
    "limit",
    "set an entity's limit of unforeseen losses, or of rows gone from the source; an entity that stopped at its limit goes on",
  )
    .addArgument(entityArgument("<entity>"))
    .addOption(lossPercentOption())
    .addOption(
      new Option(
        "--gone-percent <percent>",
        "how many of its rows may be gone from the source without asking again",
      ).argParser(percent),
    )
    .addOption(reasonOption().makeOptionMandatory())
    .action(async (entity: string, { json, ...body }: Given) => {
      const answer = await openApi().call("POST /v1/entities/:entity/limit", {
        params: { entity },
        body,
      });
      print(answer, [`${entity} has other limits in run ${answer.runId}`], { json });
    });
}

/** `--loss-percent`, of a run or of one entity. */
export function lossPercentOption(): Option {
  return new Option(
    "--loss-percent <percent>",
    "how many of its rows an entity may lose for reasons that nobody foresaw (ten rows at least)",
  ).argParser(percent);
}

function percent(value: string): number {
  const number = Number(value);
  if (value.trim() === "" || !(number >= 0 && number <= 100))
    throw new InvalidArgumentError("must be a number from 0 to 100");
  return number;
}
