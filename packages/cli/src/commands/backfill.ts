import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";
import { count, forecastWords } from "../words.ts";

interface Given extends Printing {
  readonly dify?: true;
  readonly scope: "missing" | "failed" | "all";
  readonly reason?: string;
}

/** `nexus backfill` */
export function backfill(program: Command): void {
  apiCommand(
    program,
    "backfill",
    "give content to the embedder, or to Dify, that no run has given it",
  )
    .addOption(
      new Option(
        "--scope <scope>",
        "content that was never embedded or sent, content that failed, or all",
      )
        .choices(["missing", "failed", "all"])
        .default("missing"),
    )
    .option("--dify", "send it to Dify instead of the embedder")
    .addOption(reasonOption())
    .action(async ({ json, dify, ...body }: Given) => {
      const api = openApi();
      if (dify === true) {
        const offered = await api.call("POST /v1/dify/backfill", { body });
        return print(offered, [`${count(offered.items)} items are offered to Dify`], { json });
      }
      const offered = await api.call("POST /v1/embeddings/backfill", { body });
      const says = `${count(offered.items)} items are offered to the embedder`;
      print(offered, [says, forecastWords(offered.forecast)], { json });
    });
}
