import { Argument, type Command } from "commander";
import { type Shell, scriptFor, SHELLS } from "../completion.ts";
import { write } from "../output.ts";

/** `nexus completions` */
export function completions(program: Command): void {
  program
    .command("completions")
    .description("print the completion script for a shell, e.g. source <(nexus completions bash)")
    .addArgument(new Argument("<shell>", "yours").choices(SHELLS))
    .action((shell: Shell) => write([scriptFor(shell, program)]));
}
