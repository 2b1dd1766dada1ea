import type { Command } from "commander";
import type { Code } from "../doctor/codes.ts";
import type { Finding, State } from "../doctor/finding.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing } from "../output.ts";

/** The worst first. */
const STATES: readonly State[] = ["wrong", "unchecked", "note", "well"];

/** `nexus doctor` */
export function doctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "say what state everything is in and what to do next; changes nothing (reads TARGET_URL, LEGACY_URL, QUEUE_URL, NEXUS_API_URL, each if it is set)",
    )
    .option("--json", "print one line of JSON")
    .option(
      "--deep",
      "also check the invariants: this reads every key of both databases, page by page",
    )
    .action(async (given: Printing & { readonly deep?: true }) => {
      // Loaded here: the queue's client takes as long to load as everything else together, and no other command needs it.
      const { examine } = await import("../doctor/examine.ts");
      const findings = await examine(process.env, given.deep ? "deep" : "usual");
      const healthy = !findings.some(({ state }) => state === "wrong");
      print({ healthy, findings }, inWords(findings), given);
      if (!healthy) process.exitCode = EXIT_CODES.unwell.code;
    });
}

/** Notes that nobody may miss: "nothing is wrong" alone would hide them. */
const SUSPECT: ReadonlySet<string> = new Set<Code>(["most_rows_turned_away", "most_rows_noted"]);

/** Under the sentence of a finding. */
const BESIDE = " ".repeat(9 + 2 + 11 + 2);

function inWords(findings: readonly Finding[]): string[] {
  const of = (wanted: State): Finding[] => findings.filter(({ state }) => state === wanted);
  const lines = STATES.flatMap(of).flatMap(({ area, state, says, next, more }) => [
    `${state.padEnd(9)}  ${area.padEnd(11)}  ${says}`,
    ...(next === null ? [] : [`${BESIDE}next: ${next}`]),
    ...(more === null ? [] : [`${BESIDE}more: ${more}`]),
  ]);
  const [bad, unseen] = [of("wrong").length, of("unchecked").length];
  const could = unseen === 0 ? "" : `; could not be checked: ${unseen}`;
  const suspect = findings.filter(({ code }) => SUSPECT.has(code)).length;
  const look = suspect === 0 ? "" : `; most rows of an entity may be mistaken: ${suspect}`;
  return [...lines, `${bad === 0 ? "nothing is wrong" : `wrong: ${bad}`}${look}${could}`];
}
