import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";
import { count } from "../words.ts";

interface Given extends Printing {
  readonly scope: "missing" | "failed" | "all";
  readonly reason?: string;
}

/** `nexus backfill` */
export function backfill(program: Command): void {
  apiCommand(program, "backfill", "offer content to the embedder that no run has offered")
    .addOption(
      new Option("--scope <scope>", "what was never embedded, what could not be, or all")
        .choices(["missing", "failed", "all"])
        .default("missing"),
    )
    .addOption(reasonOption())
    .action(async ({ json, ...body }: Given) => {
      const answer = await openApi().call("POST /v1/embeddings/backfill", { body });
      print(answer, [`${count(answer.items)} items are offered to the embedder`], { json });
    });
}
