import { type ForecastView, proofCodeInWords } from "@nexus/contract";
import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityList, reasonOption } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { giveUpProof } from "./give-up-proof.ts";
import { print, type Printing } from "../output.ts";
import { untilDone } from "../until-done.ts";
import { count, forecastWords, table } from "../words.ts";

interface Given extends Printing {
  readonly only?: readonly string[];
  readonly cancel?: true;
  readonly reason?: string;
}

const DESCRIPTION =
  "say what a run would do now, row by row counted by a second bookkeeping: how many rows would be inserted, updated, left alone, rejected or parked; what embedding costs, what connections and disk it takes; " +
  "an extractor does it, and writes nothing but the account in the ledger";

/** `nexus forecast` */
export function forecast(program: Command): void {
  apiCommand(program, "forecast", DESCRIPTION)
    .addOption(
      new Option("--only <entities>", "these entities alone, separated by commas").argParser(
        entityList,
      ),
    )
    .addOption(new Option("--cancel", "give up the forecast that is open").conflicts("only"))
    .addOption(reasonOption())
    .action(ask);
}

async function ask(given: Given): Promise<void> {
  if (given.cancel === true) return await giveUpProof("forecast", given);
  const view = await forecastDone(given);
  print(view, forecastLines(view), given);
}

/** Asks for a forecast, and waits until an extractor has made it. Exit code 1 where it failed, or was cancelled. */
export async function forecastDone({
  only,
  reason,
}: Pick<Given, "only" | "reason">): Promise<ForecastView> {
  const api = openApi();
  const entities = only === undefined ? undefined : [...only];
  const { id } = await api.call("POST /v1/forecasts", { body: { entities, reason } });
  const view = await untilDone(`forecast ${id}`, () =>
    api.call("GET /v1/forecasts/:id", { params: { id: String(id) } }),
  );
  if (view.status === "failed") process.exitCode = EXIT_CODES.unwell.code;
  return view;
}

const HEADINGS = [
  "entity",
  "source",
  "insert",
  "update",
  "unchanged",
  "rejected",
  "parked",
  "strangers",
] as const;

/** A forecast for people. */
export function forecastLines(view: ForecastView): string[] {
  const { id, status, errorCode, entities } = view;
  if (status === "failed")
    return [`forecast ${id} failed (${errorCode}): ${proofCodeInWords(errorCode)}`];
  const known = entities.filter((one) => one.status === "proved");
  const rows = known.map((one) => [
    one.entity,
    one.rows,
    one.inserted,
    one.updated,
    one.unchanged,
    one.rejected,
    one.parked,
    one.strangers,
  ]);
  const details = known.flatMap(({ entity, reasons, notes }) => [
    ...Object.entries(reasons).map(([code, rows]) => [entity, "rejected", code, rows]),
    ...Object.entries(notes).map(([code, rows]) => [entity, "note", code, rows]),
  ]);
  return [
    `forecast ${id}: what a run would do now; nothing but the ledger was written`,
    ...(rows.length === 0 ? [] : table([...HEADINGS], rows)),
    ...(details.length === 0 ? [] : table(["entity", "what", "code", "rows"], details)),
    ...unknownIn(entities, "no forecast"),
    ...costLines(view),
  ];
}

/** Money, connections and disk. */
function costLines({ embedding, connections, disk }: ForecastView): string[] {
  const { rowBytes, vectorBytes } = disk;
  return [
    embedding === null ? "to embed is nothing: EMBEDDINGS=off" : forecastWords(embedding),
    ...(connections === null
      ? []
      : [
          `connections to the source: ${room(connections.source)}`,
          `connections to the target: ${room(connections.target)}`,
        ]),
    `disk of the target: about ${megabytes(rowBytes)} for rows and their indexes, ${megabytes(vectorBytes)} for vectors; the write-ahead log and the ledger come on top`,
  ];
}

type Room = NonNullable<ForecastView["connections"]>["source"];

function room({ needed, left, limit, of }: Room): string {
  const found =
    left === null || limit === null
      ? "nothing limits them"
      : `the limit of ${of} is ${count(limit)} and leaves ${count(Math.max(0, left))}${left < needed ? ", which is TOO FEW" : ""}`;
  return `one of each service opens up to ${count(needed)}; ${found}`;
}

function megabytes(bytes: number): string {
  return `${count(Math.ceil(bytes / 1_000_000))} MB`;
}

/** Says of each entity of which nothing is known that it is so. */
export function unknownIn(
  entities: readonly { readonly entity: string; readonly status: string }[],
  said: string,
): string[] {
  return entities.flatMap(({ entity, status }) => {
    if (status === "without_twin")
      return [`${entity}: ${said}: its mapping, or a parent's, is written down only once`];
    if (status === "unread") return [`${entity}: ${said}: no run has read a row of it`];
    return [];
  });
}
