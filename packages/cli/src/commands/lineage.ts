import type { Lineage } from "@nexus/contract";
import type { Command } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, legacyKey } from "../arguments.ts";
import { print, type Printing } from "../output.ts";
import { instant, table } from "../words.ts";

/** `nexus lineage` */
export function lineage(program: Command): void {
  apiCommand(
    program,
    "lineage",
    "trace one row: source key, batches, outcome, target row, content, embeddings",
  )
    .addArgument(entityArgument("<entity>"))
    .argument(
      "<legacyId>",
      "the key of the row in the legacy database; a negative one after --: nexus lineage profiles -- -5",
      legacyKey,
    )
    .action(async (entity: string, legacyId: number, given: Printing) => {
      const found = await openApi().call("GET /v1/lineage/:entity/:legacyId", {
        params: { entity, legacyId },
      });
      print(found, inWords(found), given);
    });
}

function inWords(found: Lineage): string[] {
  const { source, legacyId, outcome, target } = found;
  return [
    `source      ${source.table} ${source.key} = ${legacyId}`,
    `outcome     ${outcome}${because(found)}`,
    `target      ${target === null ? "no row" : `${target.table} ${target.id}`}`,
    `content     ${contentOf(found)}`,
    ...batchLines(found),
  ];
}

function because({ exception }: Lineage): string {
  if (exception === null) return "";
  const { reason, column, missingEntity, missingId } = exception;
  const missing = missingEntity === null ? [] : [`${missingEntity} ${missingId} is missing`];
  return `: ${[reason, ...(column === null ? [] : [`column ${column}`]), ...missing].join(", ")}`;
}

function contentOf({ content, embeddings }: Lineage): string {
  if (content === null) return "none";
  const code = content.code === null ? "" : ` (${content.code})`;
  return `${content.type}: ${content.state}${code}, ${embeddings.length} vectors`;
}

function batchLines({ batches }: Lineage): string[] {
  if (batches.length === 0) return ["batches     none holds it"];
  const codes = new Map(
    batches.map(({ errorCode, errorSays }) => [errorCode ?? "", errorSays ?? ""]),
  );
  codes.delete("");
  const meanings = [...codes].map(([code, says]) => `${code}: ${says}`);
  return [...batchTable(batches), ...meanings];
}

function batchTable(batches: Lineage["batches"]): string[] {
  return table(
    ["run", "batch", "generation", "status", "attempts", "finished", "code", "notes"],
    batches.map((one) => [
      String(one.runId),
      String(one.seq),
      String(one.generation),
      one.status,
      one.attempts,
      one.finishedAt === null ? null : instant(one.finishedAt),
      one.errorCode,
      one.notes.map(({ code, column }) => `${code} (${column})`).join(", "),
    ]),
  );
}
