import type { Command } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, wholeNumber } from "../arguments.ts";
import { print, type Printing } from "../output.ts";
import { table } from "../words.ts";

interface Given extends Printing {
  readonly practice: string;
  readonly types?: string[];
  readonly limit: number;
}

/** `nexus search` */
export function search(program: Command): void {
  apiCommand(
    program,
    "search",
    "find the content of one practice that is nearest in meaning to a text",
  )
    .argument("<text>", "what to look for")
    .requiredOption(
      "--practice <uuid>",
      "the id of a practice in the target: its rows are searched, and no other's",
    )
    .option(
      "--types <types>",
      "only content of these types, separated by commas",
      (given: string) => given.split(","),
    )
    .option("--limit <rows>", "how many, 1 to 100", wholeNumber, 10)
    .action(async (query: string, { practice: practiceId, types, limit, ...printing }: Given) => {
      const body = { query, practiceId, limit, ...(types === undefined ? {} : { types }) };
      const found = await openApi().call("POST /v1/search", { body });
      const rows = found.results.map((one) => [
        one.score.toFixed(3),
        one.type,
        one.id,
        one.legacyKey === null ? null : String(one.legacyKey),
      ]);
      const lines = table(["score", "type", "id", "legacy key"], rows);
      print(found, rows.length === 0 ? ["Nothing of this practice is embedded"] : lines, printing);
    });
}
