import type { AdoptionView, Client, Finding } from "@nexus/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readFileSync } from "node:fs";
import { ConfigurationError } from "@nexus/shared/config";
import { openApi } from "../api.ts";
import { apiCommand, entityNames, leaveStrangersOption, reasonOption } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing, remark } from "../output.ts";
import { firstItems, untilDone } from "../until-done.ts";
import { count, countsInWords, table } from "../words.ts";

interface Given extends Printing {
  readonly plan?: true;
  readonly undo?: true;
  readonly cancel?: true;
  readonly key: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly keep: readonly string[];
  readonly decisions?: string;
  readonly leaveStrangers?: string;
  readonly list?: true;
  readonly reason?: string;
}

const DESCRIPTION =
  "give rows that somebody else put into the target the legacy key of the source row that they are, so that a run updates them and loads none twice; " +
  "an extractor does it, while no run is active";

/** `nexus adopt` */
export function adopt(program: Command): void {
  apiCommand(program, "adopt", DESCRIPTION)
    .addOption(
      new Option(
        "--plan",
        "only find out: which rows are known, by which key, and which are left alone",
      ),
    )
    .addOption(
      new Option(
        "--undo",
        "take back the keys that were given since the newest run began",
      ).conflicts("plan"),
    )
    .addOption(
      new Option("--cancel", "give up the adoption that is open").conflicts(["plan", "undo"]),
    )
    .addOption(
      new Option(
        "--key <entity=place>",
        "the column or member that holds the legacy id: profiles=metadata.legacy_user_id",
      )
        .argParser(keyOf)
        .default({}, "those whose name says so, if there is one and it agrees"),
    )
    .option(
      "--namespace <uuid>",
      "the namespace of UUIDv5 ids that another tool made of `entity:id`",
    )
    .addOption(
      new Option(
        "--keep <uuid>",
        "of duplicates, the row that is adopted; can be given several times",
      )
        .argParser((id: string, before: readonly string[]) => [...before, id])
        .default([], "none"),
    )
    .option(
      "--decisions <file>",
      "a file with the ids of rows to keep, one in a line; # begins a remark",
    )
    .addOption(leaveStrangersOption())
    .option("--list", "list every row that is left alone, not only the first ones")
    .addOption(reasonOption())
    .action(ask);
}

/** How many rows that are left alone are shown, unless all are asked for. */
const SHOWN = 20;

async function ask(given: Given): Promise<void> {
  const api = openApi();
  if (given.cancel === true) return await cancel(api, given);
  const kind = given.undo === true ? "undo" : given.plan === true ? "plan" : "adopt";
  const keep = [
    ...given.keep,
    ...(given.decisions === undefined ? [] : decisionsIn(given.decisions)),
  ];
  const { key: keys, namespace, leaveStrangers, reason } = given;
  const { id } = await api.call("POST /v1/adoptions", {
    body: { kind, keys, namespace, keep, leaveStrangers, reason },
  });
  const params = { id: String(id) };
  const adoption = await untilDone(`adoption ${id}`, () =>
    api.call("GET /v1/adoptions/:id", { params }),
  );
  const most = given.list === true ? Number.POSITIVE_INFINITY : SHOWN;
  const findings = await firstItems(most, (query) =>
    api.call("GET /v1/adoptions/:id/findings", { params, query }),
  );
  print({ ...adoption, findings }, linesOf(adoption, findings), given);
  if (adoption.status === "failed") process.exitCode = EXIT_CODES.unwell.code;
}

/** Gives up what is open. What was written by then stays: `--undo` takes it back. */
async function cancel(api: Client, given: Given): Promise<void> {
  const { items } = await api.call("GET /v1/adoptions", { query: { limit: 1 } });
  const [newest] = items;
  if (newest?.status !== "open") {
    remark("no adoption is open: there is nothing to cancel");
    process.exitCode = EXIT_CODES.refused.code;
    return;
  }
  const { id } = newest;
  const { reason } = given;
  const cancelled = await api.call("POST /v1/adoptions/:id/cancel", {
    params: { id: String(id) },
    body: { reason },
  });
  print(cancelled, [`adoption ${id} is cancelled; keys that it has written stay (--undo)`], given);
}

const DID = { plan: "would be adopted", adopt: "adopted", undo: "adopted" } as const;

function linesOf(adoption: AdoptionView, findings: readonly Finding[]): string[] {
  const { id, kind, status, entities, errorCode } = adoption;
  if (status === "failed")
    return [`adoption ${id} failed (${errorCode}): the extractor's log says more`];
  if (status === "cancelled")
    return [`adoption ${id} was cancelled; keys that it had written stay (--undo)`];
  if (kind === "undo")
    return [`adoption ${id}: what was adopted since the newest run has no legacy key again`];
  if (entities.length === 0)
    return ["every row of the target has a legacy key: there is nothing to adopt"];
  const rows = entities.map((one) => [
    one.entity,
    one.strangers,
    one.adopted,
    countsInWords(one.byKey),
    countsInWords(one.left),
  ]);
  const left = entities
    .flatMap((one) => Object.values(one.left))
    .reduce((sum, rows) => sum + rows, 0);
  return [
    `adoption ${id}${kind === "plan" ? " is a plan: nothing but the ledger was written" : ""}`,
    ...table(["entity", "without key", DID[kind], "known by", "left alone"], rows),
    ...entities.flatMap(placeLines),
    ...entities.flatMap(changeLines),
    ...(findings.length === 0
      ? []
      : table(["left alone", "id", "reason", "source row", "by", "children"], findings.map(rowOf))),
    ...(left > findings.length ? [`${count(left - findings.length)} more: add --list`] : []),
    ...(left > 0
      ? ["what is left alone stays as it is; a run asks for --leave-strangers <reason>"]
      : []),
  ];
}

function rowOf({ entity, id, reason, legacyId, via, children }: Finding) {
  return [entity, id, reason, legacyId === null ? null : String(legacyId), via, children];
}

function placeLines({ entity, places }: AdoptionView["entities"][number]): string[] {
  return places.map(({ place, rows, inSource, comparable, agreeing, used }) => {
    const agrees =
      comparable === 0
        ? "none can be compared"
        : `${count(agreeing)} of ${count(comparable)} agree`;
    const says = used ? "used" : `not used: --key ${entity}=${place}`;
    return `${entity}: ${place} holds ${count(rows)} numbers, ${count(inSource)} are keys of the source, ${agrees} (${says})`;
  });
}

/** Of a plan: what the first run will write in rows that are there. */
function changeLines({ entity, adopted, changes }: AdoptionView["entities"][number]): string[] {
  if (changes === null || adopted === 0) return [];
  if (changes.rows === 0) return [`${entity}: the first run will change none of them`];
  const rows = `${count(changes.rows)} of ${count(adopted)}`;
  return [`${entity}: the first run will change ${rows} (${countsInWords(changes.columns)})`];
}

function keyOf(given: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [entity = "", ...place] = given.split("=");
  if (!entityNames().includes(entity) || place.join("=") === "")
    throw new InvalidArgumentError(
      `It looks like profiles=metadata.legacy_user_id; entities are ${entityNames().join(", ")}.`,
    );
  return { ...before, [entity]: place.join("=") };
}

/** The ids of a decision file. Throws `ConfigurationError` with the line that is none. */
function decisionsIn(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigurationError(`--decisions: ${file} cannot be read`, { cause });
  }
  return text.split("\n").flatMap((line, at) => {
    const id = line.replace(/#.*/, "").trim();
    if (id === "") return [];
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return [id];
    throw new ConfigurationError(`--decisions: line ${at + 1} of ${file} is not the id of a row`);
  });
}
