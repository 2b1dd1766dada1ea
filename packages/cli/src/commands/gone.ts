import { GONE_FATES } from "@nexus/contract";
import type { Command } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, pageOptions } from "../arguments.ts";
import { nextPage, print, type Printing } from "../output.ts";
import { table } from "../words.ts";

interface Given extends Printing {
  readonly limit: number;
  readonly cursor?: string;
}

/** `nexus gone` */
export function gone(program: Command): void {
  const [limit, cursor] = pageOptions();
  apiCommand(
    program,
    "gone",
    "list the keys of rows that are gone from the source and still in the target",
  )
    .addArgument(entityArgument("<entity>"))
    .addOption(limit)
    .addOption(cursor)
    .action(async (entity: string, given: Given) => {
      const page = await openApi().call("GET /v1/entities/:entity/gone", {
        params: { entity },
        query: { limit: given.limit, cursor: given.cursor },
      });
      const rows = page.items.map((one) => [
        String(one.legacyId),
        String(one.foundRun),
        String(one.runId),
        one.fate ? (GONE_FATES[one.fate] ?? one.fate) : "",
      ]);
      const lines = [
        ...table(["key", "first found by run", "newest run", "it is"], rows),
        ...nextPage(page.next),
      ];
      print(page, rows.length === 0 ? [NONE] : lines, given);
    });
}

/** A rollback forgets what its run found. */
const NONE =
  "No row of the target is on record as gone from the source; what a run that was rolled back had found is found again by the next run";
