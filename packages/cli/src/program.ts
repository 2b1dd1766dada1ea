/** The commands of `nexus`. Building the program runs nothing. */
import { requireCatalog } from "@nexus/shared/config";
import { Command } from "commander";
import { accounts } from "./commands/accounts.ts";
import { adopt } from "./commands/adopt.ts";
import { audit } from "./commands/audit.ts";
import { backfill } from "./commands/backfill.ts";
import { backups } from "./commands/backups.ts";
import { completions } from "./commands/completions.ts";
import { cutover } from "./commands/cutover.ts";
import { doctor } from "./commands/doctor.ts";
import { exceptions } from "./commands/exceptions.ts";
import { forecast } from "./commands/forecast.ts";
import { gone } from "./commands/gone.ts";
import { limit } from "./commands/limit.ts";
import { lineage } from "./commands/lineage.ts";
import { migrate } from "./commands/migrate.ts";
import { moves } from "./commands/move.ts";
import { preflight } from "./commands/preflight.ts";
import { report } from "./commands/report.ts";
import { requeue } from "./commands/requeue.ts";
import { rollback } from "./commands/rollback.ts";
import { runs } from "./commands/runs.ts";
import { search } from "./commands/search.ts";
import { start } from "./commands/start.ts";
import { status } from "./commands/status.ts";
import { sync } from "./commands/sync.ts";
import { verify } from "./commands/verify.ts";
import { waive } from "./commands/waive.ts";
import { EXIT_CODES, exitCodeOf, messageOf } from "./failure.ts";

/** In the order in which somebody needs them. */
const COMMANDS = [
  preflight,
  migrate,
  adopt,
  forecast,
  start,
  status,
  verify,
  doctor,
  exceptions,
  gone,
  requeue,
  waive,
  limit,
  moves,
  rollback,
  sync,
  cutover,
  runs,
  backups,
  report,
  lineage,
  search,
  backfill,
  accounts,
  audit,
  completions,
];

/** A program whose mistakes in the command line are thrown as `CommanderError`, with a suggestion where a word is misspelt. Throws `ConfigurationError` for a catalog that cannot be run. `given`: the command line. */
export function nexus(given: readonly string[] = []): Command {
  requireCatalog();
  const program = new Command("nexus")
    .description("Moves a live legacy dental-lab database into an AI-ready PostgreSQL")
    .showSuggestionAfterError()
    // `--json` after a command below a command is the lower one's.
    .enablePositionalOptions()
    .addHelpText("after", exitCodes);
  for (const add of COMMANDS) add(program, given);
  for (const command of withThoseBelow(program))
    command
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
  return program;
}

function withThoseBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withThoseBelow)];
}

/** Runs a command line, in the form of `process.argv`, to its end. `readSettings` goes before. What goes wrong becomes one line and `process.exitCode`. */
export async function runNexus(
  argv: readonly string[],
  readSettings: () => void = () => undefined,
): Promise<void> {
  try {
    readSettings();
    await nexus(argv).parseAsync(argv);
  } catch (error) {
    const message = messageOf(error);
    if (message !== undefined) process.stderr.write(`${message}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodes(): string {
  const lines = Object.values(EXIT_CODES).map(({ code, means }) => `  ${code}  ${means}`);
  return ["", "Exit codes:", ...lines].join("\n");
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}
