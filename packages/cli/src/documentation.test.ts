/** docs/nexus.md is written from the commands themselves, so that it cannot say what they do not do. */
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import type { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { entityNames } from "./arguments.ts";
import { scriptFor, SHELLS } from "./completion.ts";
import { doctorVariables } from "./doctor/settings.ts";
import { EXIT_CODES } from "./failure.ts";
import { nexus } from "./program.ts";

describe("docs/nexus.md", () => {
  it("says what the commands say", async () => {
    const page = [
      "# nexus",
      "Written by `documentation.test.ts` from the commands in `packages/cli/src`. Change them, then run `npx vitest run packages/cli/src/documentation.test.ts -u`.",
      "Run it as `npm run nexus -- <command>`. With `--json` a command prints one line of JSON to standard output, for lists and views the API's own answer; remarks and errors go to standard error, an error is one line. Without a terminal everything is plain lines.",
      "## Exit codes",
      table(
        ["code", "means"],
        Object.values(EXIT_CODES).map(({ code, means }) => [String(code), means]),
      ),
      "## Environment",
      "`.env` of the working directory is read; what is set in the environment wins.",
      table(
        ["variable", "meaning"],
        Object.entries(doctorVariables).map(([name, one]) => [`\`${name}\``, meaningOf(one)]),
      ),
      "`nexus migrate` reads `TARGET_URL` and `ID_NAMESPACE`, `nexus preflight` `LEGACY_URL`, `TARGET_URL` and, if they are set, `QUEUE_URL`, `QUEUE_PREFIX` and the extractor's `BACKUP` with what belongs to it (with `--forecast` `NEXUS_API_URL` and `NEXUS_TOKEN`, too), `nexus doctor` all of the above, each if it is set; all other commands read `NEXUS_API_URL` and `NEXUS_TOKEN`.",
      ...nexus().commands.flatMap((command) => sections(command, "nexus")),
    ].join("\n\n");
    await expect(`${page}\n`).toMatchFileSnapshot("../../../docs/nexus.md");
  });
});

describe("nexus completions", () => {
  it.each(SHELLS)("knows every command and every option in %s", (shell) => {
    const script = scriptFor(shell, nexus());
    for (const command of nexus().commands) {
      expect(script).toContain(command.name());
      for (const { long } of command.options)
        expect(script).toContain(shell === "fish" ? long?.slice(2) : long);
    }
  });

  it.each([
    { words: ["nexus", "req"], completed: ["requeue"] },
    { words: ["nexus", "requeue", "pra"], completed: ["practices", "practice_members"] },
    {
      words: ["nexus", "requeue", "cases", "--scope", ""],
      completed: ["failed", "rejected", "parked", "all"],
    },
    {
      words: ["nexus", "start", "--skip-ca"],
      completed: ["--skip-cases", "--skip-case-states"],
    },
    {
      words: ["nexus", "waive", ""],
      completed: [...entityNames(), "--json", "--reason", "--without-backup", "--help"],
    },
  ])("completes $words in bash", ({ words, completed }) => {
    const script = `${scriptFor("bash", nexus())}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_nexus; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const said = execFileSync("bash", ["--norc", "-c", script], {
      cwd: tmpdir(),
      encoding: "utf8",
    });
    expect(said.trim().split("\n")).toEqual(completed);
  });
});

/** A command, and those below it. */
function sections(command: Command, above: string): string[] {
  const name = `${above} ${command.name()}`;
  return [section(command, name), ...command.commands.flatMap((one) => sections(one, name))];
}

function section(command: Command, name: string): string {
  const options = command.options.map((option) => [`\`${option.flags}\``, wordsOf(option)]);
  return [
    `## ${name}`,
    `${command.description()}.`,
    `\`\`\`\n${name} ${command.usage()}\n\`\`\``,
    ...(options.length === 0 ? [] : [table(["option", "meaning"], options)]),
  ].join("\n\n");
}

function wordsOf({ description, argChoices, defaultValue, mandatory }: Option): string {
  const value: unknown = defaultValue;
  return [
    description,
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(", ")}`]),
    ...(typeof value === "string" || typeof value === "number" ? [`default ${value}`] : []),
    ...(mandatory ? ["required"] : []),
  ].join("; ");
}

function meaningOf({
  meaning,
  fallback,
  danger,
}: {
  meaning: string;
  fallback?: string;
  danger?: string;
}): string {
  return [
    meaning,
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ...(danger === undefined ? [] : [danger]),
  ].join("; ");
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(headings), `|${"---|".repeat(headings.length)}`, ...rows.map(line)].join("\n");
}
