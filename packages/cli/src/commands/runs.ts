import { runArrows, statusesOf } from "@nexus/shared/states";
import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, pageOptions } from "../arguments.ts";
import { nextPage, print, type Printing } from "../output.ts";
import { instant, table } from "../words.ts";

const STATUSES = statusesOf(runArrows);

interface Given extends Printing {
  readonly status?: (typeof STATUSES)[number];
  readonly limit: number;
  readonly cursor?: string;
}

/** `nexus runs` */
export function runs(program: Command): void {
  const [limit, cursor] = pageOptions();
  apiCommand(program, "runs", "list runs, the newest first")
    .addOption(new Option("--status <status>", "only those").choices(STATUSES))
    .addOption(limit)
    .addOption(cursor)
    .action(async ({ json, ...query }: Given) => {
      const page = await openApi().call("GET /v1/runs", { query });
      const rows = page.items.map((run) => [
        String(run.id),
        run.status,
        instant(run.createdAt),
        run.finishedAt === null ? null : instant(run.finishedAt),
        run.embeddings ? "on" : "off",
        run.errorCode,
      ]);
      const headings = ["run", "status", "created", "finished", "embeddings", "code"];
      const lines =
        rows.length === 0 ? ["No run was started yet: nexus start"] : table(headings, rows);
      print(page, [...lines, ...nextPage(page.next)], { json });
    });
}
