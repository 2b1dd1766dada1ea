import { ConfigurationError } from "@nexus/shared/config";
import { type Command, InvalidArgumentError, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, reasonOption, wholeNumber } from "../arguments.ts";
import { print, type Printing, save, write } from "../output.ts";
import { checkEvidence, writeEvidence } from "./signed-off.ts";

interface Given extends Printing {
  readonly format: "md" | "html" | "json";
  readonly out?: string;
  readonly run?: number;
  readonly signedOff?: true;
  readonly list?: true;
  readonly force?: true;
  readonly reason?: string;
  readonly check?: string;
}

/** `nexus report` */
export function report(program: Command): void {
  apiCommand(program, "report", "print the report of a run, or save it; or write its evidence")
    .addOption(
      new Option("--format <format>", "Markdown, a page or JSON")
        .choices(["md", "html", "json"])
        .default("md"),
    )
    .option(
      "--out <path>",
      "save the report in this file instead of printing it; with --signed-off: the folder of both files, default this one",
    )
    .option(
      "--run <number>",
      "the number of a run; default: the active run, else the newest",
      wholeNumber,
    )
    .option(
      "--signed-off",
      "write the evidence for auditors, a page and JSON: exit code 1, and NOT SIGNED OFF on the page, unless everything is proven",
    )
    .option("--list", "with --signed-off: list the keys of exceptions too")
    .option("--force", "with --signed-off: overwrite files that exist")
    .addOption(reasonOption())
    .addOption(
      new Option(
        "--check <file>",
        "say whether evidence is as it was written: the digest of this .json, and the one in the page beside it; asks no API",
      )
        .argParser(jsonFile)
        .conflicts(["signedOff", "run", "out"]),
    )
    .action(act);
}

async function act({ check, signedOff, ...given }: Given): Promise<void> {
  if (check !== undefined) return await checkEvidence(check, given);
  if (signedOff === true) return await writeEvidence(given);
  const alone = (["list", "force", "reason"] as const).find((one) => given[one] !== undefined);
  if (alone !== undefined) throw new ConfigurationError(`--${alone} belongs to --signed-off`);
  const { out, run } = given;
  const format = given.json === true && out === undefined ? "json" : given.format;
  const text = await openApi().download("/v1/report", { format, run });
  if (out === undefined) return write([text.trimEnd()]);
  await save(out, text);
  print({ file: out, format, characters: text.length }, [`saved in ${out}`], given);
}

function jsonFile(given: string): string {
  if (given.endsWith(".json")) return given;
  throw new InvalidArgumentError("It is the .json file; its page lies beside it.");
}
