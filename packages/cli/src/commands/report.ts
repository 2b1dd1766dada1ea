import { writeFile } from "node:fs/promises";
import { ConfigurationError } from "@nexus/shared/config";
import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, wholeNumber } from "../arguments.ts";
import { print, type Printing, write } from "../output.ts";

interface Given extends Printing {
  readonly format: "md" | "html" | "json";
  readonly out?: string;
  readonly run?: number;
}

/** `nexus report` */
export function report(program: Command): void {
  apiCommand(program, "report", "print the report of a run, or save it")
    .addOption(
      new Option("--format <format>", "Markdown, a page or JSON")
        .choices(["md", "html", "json"])
        .default("md"),
    )
    .option("--out <file>", "save the report in this file instead of printing it")
    .option(
      "--run <number>",
      "the number of a run; default: the active run, else the newest",
      wholeNumber,
    )
    .action(async ({ out, run, ...given }: Given) => {
      const format = given.json === true && out === undefined ? "json" : given.format;
      const text = await openApi().download("/v1/report", { format, run });
      if (out === undefined) return write([text.trimEnd()]);
      await save(out, text);
      print({ file: out, format, characters: text.length }, [`saved in ${out}`], given);
    });
}

async function save(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => {
    throw new ConfigurationError(
      `--out: ${file} cannot be written: does its folder exist, and may you write there?`,
      {
        cause,
      },
    );
  });
}
