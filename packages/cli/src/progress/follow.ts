/** Follows a run until nothing will change without a person. */
import { setTimeout as pause } from "node:timers/promises";
import {
  ApiProblem,
  ApiUnreachable,
  type ClientOptions,
  followProgress,
  openClient,
} from "@nexus/contract";
import type { Printing } from "../output.ts";
import { type Display, openDisplay } from "./display.ts";
import { isOver, type Progress } from "./view.ts";

/** Shows the progress as it comes (nothing with `json`), and returns the last one. Comes back when the API was away. */
export async function untilOver(
  options: ClientOptions,
  runId: number,
  { json }: Printing,
): Promise<Progress> {
  const display = json === true ? undefined : openDisplay(process.stdout);
  for await (const progress of followProgress(options, new AbortController().signal)) {
    const shown = progress.run?.id ?? 0;
    if (shown > runId) return await untilOverByNumber(options, runId, display);
    if (shown < runId) continue;
    display?.show(progress);
    if (isOver(progress)) return progress;
  }
  throw new Error("the progress ended before the run did");
}

/** Milliseconds between two looks. */
const AGAIN_MS = 1_000;

/** What is streamed is the newest run: one that another has followed is asked for by its number. It may be verified yet. */
async function untilOverByNumber(
  options: ClientOptions,
  id: number,
  display: Display | undefined,
): Promise<Progress> {
  const api = openClient(options);
  for (;;) {
    const progress = await api.call("GET /v1/runs/:id", { params: { id } }).catch(ifAway);
    if (progress !== undefined) {
      display?.show(progress);
      if (isOver(progress)) return progress;
    }
    await pause(AGAIN_MS);
  }
}

/** An API that is away for a while, or whose target is, is asked again. */
function ifAway(error: unknown): undefined {
  if (error instanceof ApiUnreachable || (error instanceof ApiProblem && error.status >= 500))
    return;
  throw error;
}
