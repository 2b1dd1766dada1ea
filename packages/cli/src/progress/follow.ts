/** Follows a run until nothing will change without a person. */
import { type ClientOptions, followProgress } from "@nexus/contract";
import type { Printing } from "../output.ts";
import { openDisplay } from "./display.ts";
import { isOver, type Progress } from "./view.ts";

/** Shows the progress as it comes (nothing with `json`), and returns the last one. Comes back when the API was away. */
export async function untilOver(
  options: ClientOptions,
  runId: number,
  { json }: Printing,
): Promise<Progress> {
  const display = json === true ? undefined : openDisplay(process.stdout);
  for await (const progress of followProgress(options, new AbortController().signal)) {
    if (progress.run?.id !== runId) continue;
    display?.show(progress);
    if (isOver(progress)) return progress;
  }
  throw new Error("the progress ended before the run did");
}
