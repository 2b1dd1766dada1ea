import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";
import { count } from "../words.ts";

interface Given extends Printing {
  readonly dify?: true;
  readonly scope: "missing" | "failed" | "all";
  readonly reason?: string;
}

/** `nexus backfill` */
export function backfill(program: Command): void {
  apiCommand(program, "backfill", "offer content to the embedder, or to Dify, that no run has offered")
    .addOption(
      new Option("--scope <scope>", "what was never dealt with, what failed, or all")
        .choices(["missing", "failed", "all"])
        .default("missing"),
    )
    .option("--dify", "to Dify")
    .addOption(reasonOption())
    .action(async ({ json, dify, ...body }: Given) => {
      const api = openApi();
      const answer =
        dify === true
          ? await api.call("POST /v1/dify/backfill", { body })
          : await api.call("POST /v1/embeddings/backfill", { body });
      print(
        answer,
        [`${count(answer.items)} items are offered to ${dify === true ? "Dify" : "the embedder"}`],
        { json },
      );
    });
}
