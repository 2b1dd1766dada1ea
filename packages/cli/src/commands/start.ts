import { openClient } from "@nexus/contract";
import { type Command, Option } from "commander";
import { apiOptions } from "../api.ts";
import { apiCommand, ENTITIES, entityList, reasonOption } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing, remark } from "../output.ts";
import { isClosed, progressLines, untilOver } from "../progress/index.ts";
import { forecastWords } from "../words.ts";

interface Given extends Printing {
  readonly entities?: string[];
  readonly reason?: string;
  readonly wait?: true;
}

const WITHOUT_EFFECT = "Accepted without effect, so that old command lines keep working:";

/** What older tools could skip and this one has no part for. */
const ABSENT: readonly string[] = [
  "orders",
  "offices",
  "doctors",
  "users",
  "instructions",
  "plans",
  "treatment-plans",
  "courses",
  "products",
  "files",
  "case-files",
  "messages",
  "comments",
  "notifications",
];

const AI_EMBEDDINGS = new Option("--skip-ai-embeddings", "offer nothing of this run to the embedder");

const DIFY = new Option(
  "--dify-population",
  "offer what changes to Dify, too (where an embedder has DIFY=on)",
);
const NO_DIFY = new Option(
  "--skip-dify-population",
  "offer nothing of this run to Dify: the default where the API has DIFY=off",
);

/** `nexus start` */
export function start(program: Command): void {
  const skips = ENTITIES.map((entity) => ({
    entity,
    option: new Option(`--skip-${kebab(entity)}`, `leave ${entity} out: the rows count as excluded`),
  }));
  const absent = ABSENT.map((name) =>
    new Option(`--skip-${name}`, "there is nothing of that name to skip").helpGroup(WITHOUT_EFFECT),
  );
  const command = apiCommand(program, "start", "start a run")
    .option(
      "--entities <names>",
      "only these, separated by commas; their parents are looked up in the target",
      entityList,
    )
    .addOption(reasonOption())
    .option("--wait", "show the progress until the load has ended, and end with its exit code");
  for (const option of [
    ...skips.map(({ option }) => option),
    AI_EMBEDDINGS,
    DIFY,
    NO_DIFY.conflicts("difyPopulation"),
    ...absent,
  ])
    command.addOption(option);
  command.action(async (given: Given) => {
    const isSet = (option: Option): boolean => command.getOptionValue(option.attributeName()) === true;
    const notices = absent
      .filter(isSet)
      .map(({ long }) => `${long}: there is nothing of that name to skip here`);
    for (const notice of notices) remark(notice);
    await startRun(given, {
      skip: skips.filter(({ option }) => isSet(option)).map(({ entity }) => entity),
      embeddings: !isSet(AI_EMBEDDINGS),
      dify: isSet(DIFY) ? true : isSet(NO_DIFY) ? false : undefined,
      notices,
    });
  });
}

interface Selection {
  readonly skip: string[];
  readonly embeddings: boolean;
  /** Undefined: as the API is configured. */
  readonly dify: boolean | undefined;
  readonly notices: readonly string[];
}

async function startRun(given: Given, { skip, embeddings, dify, notices }: Selection): Promise<void> {
  const { entities, reason, wait } = given;
  const options = apiOptions();
  const started = await openClient(options).call("POST /v1/runs", {
    body: {
      embeddings,
      dify,
      ...(entities === undefined ? {} : { entities }),
      ...(skip.length === 0 ? {} : { skip }),
      ...(reason === undefined ? {} : { reason }),
    },
  });
  for (const warning of started.warnings) remark(warning);
  if (started.forecast !== null) remark(forecastWords(started.forecast));
  const says = `run ${started.runId} is started: ${started.entities.join(", ")}`;
  if (wait !== true) return print({ ...started, notices }, [says, "follow it: nexus status"], given);
  if (given.json !== true) print(started, [says], given);
  const progress = await untilOver(options, started.runId, given);
  print({ ...started, notices, progress }, process.stdout.isTTY ? [] : progressLines(progress), given);
  if (!isClosed(progress)) process.exitCode = EXIT_CODES.unwell.code;
}

function kebab(entity: string): string {
  return entity.replaceAll("_", "-");
}
