import type { Client } from "@nexus/contract";
import { type Command, Option } from "commander";
import { apiOptions, openApi, untilApiAnswers } from "../api.ts";
import {
  apiCommand,
  entityList,
  entityNames,
  leaveStrangersOption,
  reasonOption,
} from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { maybeMost, mostRows } from "../most-rows.ts";
import { print, type Printing, remark } from "../output.ts";
import { isClosed, isRefuted, type Progress, progressLines, untilOver } from "../progress/index.ts";
import { lossPercentOption } from "./limit.ts";
import { foreignSkips } from "../skip-flags.ts";
import { forecastWords } from "../words.ts";

interface Given extends Printing {
  readonly entities?: string[];
  readonly lossPercent?: number;
  readonly leaveStrangers?: string;
  readonly afterCutover?: true;
  readonly reason?: string;
  readonly wait?: true;
  readonly delta?: true;
}

const DESCRIPTION =
  "start a run. --skip-<name> of anything that is not here (--skip-orders) is accepted with a notice that there is nothing to skip; " +
  "a name that looks like one of those below is refused, so that nothing is loaded that was to be left out";

const AI_EMBEDDINGS = new Option(
  "--skip-ai-embeddings",
  "offer nothing of this run to the embedder: the default where the API has EMBEDDINGS=off",
);

const DIFY = new Option(
  "--dify-population",
  "offer what changes to Dify, too (where an embedder has DIFY=on)",
);
const NO_DIFY = new Option(
  "--skip-dify-population",
  "offer nothing of this run to Dify: the default where the API has DIFY=off",
);

const ACCOUNTS = new Option(
  "--accounts",
  "give users accounts of Supabase Auth, too (where a loader has ACCOUNTS=on)",
);
const NO_ACCOUNTS = new Option(
  "--skip-accounts",
  "decide about no account, and make none for this run: the default where the API has ACCOUNTS=off",
);

/** Who is given something of the run, and who is not. */
const READERS: readonly Option[] = [
  AI_EMBEDDINGS,
  DIFY,
  NO_DIFY.conflicts("difyPopulation"),
  ACCOUNTS,
  NO_ACCOUNTS.conflicts("accounts"),
];

const AFTER_CUTOVER = new Option(
  "--after-cutover",
  "the target was handed over (nexus cutover --go), and the run shall write all the same: it may overwrite what people wrote there since",
);

/** `nexus start`. `given`: the command line, for skip flags of what is not here. */
export function start(program: Command, given: readonly string[]): void {
  const skips = entityNames().map((entity) => ({ entity, option: skipOption(entity) }));
  const ours = [...skips.map(({ option }) => option), AI_EMBEDDINGS, NO_DIFY, NO_ACCOUNTS].map(
    nameOf,
  );
  const foreign = foreignSkips(given, ours);
  const command = apiCommand(program, "start", DESCRIPTION)
    .option(
      "--entities <names>",
      "migrate only these entities, separated by commas; parents that are not among them are looked up in the target",
      entityList,
    )
    .option(
      "--delta",
      "read only the rows of the source that changed since they were loaded, whatever their timestamps say; what no earlier run loaded under the same mapping is read wholly",
    )
    .addOption(lossPercentOption())
    .addOption(leaveStrangersOption())
    .addOption(AFTER_CUTOVER)
    .addOption(reasonOption())
    .option(
      "--wait",
      "wait for an API that is just starting (60 s), show the progress until the load has ended, and been verified where extractors have VERIFY=after_settle, and end with its exit code",
    );
  const known = [...skips.map(({ option }) => option), ...READERS];
  for (const option of [...known, ...foreign.map(hidden)]) command.addOption(option);
  command.action(async (given: Given) => {
    const isSet = (option: Option): boolean =>
      command.getOptionValue(option.attributeName()) === true;
    for (const { name, meant } of foreign)
      if (meant !== undefined)
        command.error(`error: unknown option '--skip-${name}' (Did you mean --skip-${meant}?)`, {
          code: "commander.unknownOption",
        });
    const notices = foreign.map(
      ({ name }) => `--skip-${name}: there is nothing of that name to skip here`,
    );
    for (const notice of notices) remark(notice);
    await startRun(given, {
      skip: skips.filter(({ option }) => isSet(option)).map(({ entity }) => entity),
      embeddings: isSet(AI_EMBEDDINGS) ? false : undefined,
      dify: either(isSet(DIFY), isSet(NO_DIFY)),
      accounts: either(isSet(ACCOUNTS), isSet(NO_ACCOUNTS)),
      notices,
    });
  });
}

function skipOption(entity: string): Option {
  return new Option(`--skip-${kebab(entity)}`, `leave ${entity} out: the rows count as excluded`);
}

interface Selection {
  readonly skip: string[];
  /** Undefined, all three: as the API is configured. */
  readonly embeddings: boolean | undefined;
  readonly dify: boolean | undefined;
  readonly accounts: boolean | undefined;
  readonly notices: readonly string[];
}

/** Who waits for the run also waits for an API that is just starting. */
async function apiFor({ wait }: Given): Promise<Client> {
  const api = openApi();
  if (wait === true) await untilApiAnswers(api);
  return api;
}

async function startRun(
  given: Given,
  { skip, embeddings, dify, accounts, notices }: Selection,
): Promise<void> {
  const { entities, lossPercent, leaveStrangers, afterCutover, reason } = given;
  const options = apiOptions();
  const started = await (
    await apiFor(given)
  ).call("POST /v1/runs", {
    body: {
      embeddings,
      dify,
      accounts,
      ...(entities === undefined ? {} : { entities }),
      ...(skip.length === 0 ? {} : { skip }),
      lossPercent,
      leaveStrangers,
      afterCutover,
      mode: modeOf(given),
      reason,
    },
  });
  for (const warning of started.warnings) remark(warning);
  if (started.forecast !== null) remark(forecastWords(started.forecast));
  const says = `run ${started.runId} is started: ${started.entities.join(", ")}`;
  if (given.wait !== true)
    return print({ ...started, notices }, [says, "follow it: nexus status"], given);
  if (given.json !== true) print(started, [says], given);
  const progress = await untilOver(options, started.runId, given);
  const warned = await mostRowsOf(started.runId, progress);
  print(
    { ...started, warnings: [...started.warnings, ...warned], notices, progress },
    [...(process.stdout.isTTY ? [] : progressLines(progress)), ...warned],
    given,
  );
  if (!isClosed(progress) || isRefuted(progress.verification))
    process.exitCode = EXIT_CODES.unwell.code;
}

/** Entities of which most rows were turned away or lost a value. What cannot be asked for is left to the doctor: the run has ended all the same. */
async function mostRowsOf(run: number, { entities }: Progress): Promise<string[]> {
  const sums = entities.filter(maybeMost);
  if (sums.length === 0) return [];
  const query = { run, format: "json" } as const;
  const report = await openApi()
    .call("GET /v1/report", { query })
    .catch(() => undefined);
  if (report === undefined) return ["what most rows met with could not be asked: nexus doctor"];
  const reasons = { shortfalls: report.shortfalls.rows, repairs: report.repairs.rows };
  return mostRows(sums, reasons).map(({ code, says, next }) => `LOOK: ${says} (${code}): ${next}`);
}

function modeOf({ delta }: Given): "delta" | undefined {
  return delta === true ? "delta" : undefined;
}

function hidden({ name }: { readonly name: string }): Option {
  return new Option(`--skip-${name}`).hideHelp();
}

function either(wanted: boolean, unwanted: boolean): boolean | undefined {
  return wanted ? true : unwanted ? false : undefined;
}

function nameOf({ long }: Option): string {
  return (long ?? "").replace("--skip-", "");
}

function kebab(entity: string): string {
  return entity.replaceAll("_", "-");
}
