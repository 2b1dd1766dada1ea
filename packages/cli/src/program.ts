/** The commands of `nexus`. Building the program runs nothing. */
import { Command } from "commander";
import { migrate } from "./commands/migrate.ts";
import { preflight } from "./commands/preflight.ts";

/** A program whose mistakes in the command line are thrown as `CommanderError`, with a suggestion where a word is misspelt. */
export function nexus(): Command {
  const program = new Command("nexus")
    .description("Moves a live legacy dental-lab database into an AI-ready PostgreSQL")
    .showSuggestionAfterError();
  for (const add of [migrate, preflight]) add(program);
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
  return program;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}
