import { type Pool, readOnly } from "@nexus/shared/database";
import { difyProgress } from "@nexus/shared/ledger";
import { count } from "../words.ts";
import { type Finding, note, wrong } from "./finding.ts";

const STATEMENT_MS = 15_000;

/** Whether Dify's knowledge bases are filled, where they are. */
export async function examineDify(target: Pool): Promise<Finding[]> {
  const { pausedBecause, items } = await readOnly(target, difyProgress, {
    statementMs: STATEMENT_MS,
  });
  const left = items.offered + items.open + items.indexing;
  const paused = `filling Dify is paused (${pausedBecause}); ${count(left)} items wait`;
  const failed = `${count(items.failed)} items could not be put into Dify`;
  return [
    ...(pausedBecause === null
      ? []
      : [
          wrong(
            "dify",
            "dify_paused",
            paused,
            "look at DIFY_URL, DIFY_API_KEY and Dify's own limits; it is tried again by itself",
          ),
        ]),
    ...(items.failed === 0
      ? []
      : [
          note(
            "dify",
            "dify_failed",
            failed,
            "nexus backfill --dify --scope failed tries them again",
          ),
        ]),
  ];
}
