/** A call that meets a fault: what is done, and what the caller gets. */
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, json, page, send } from "./answers.ts";

/** When the work is done: not at all, before the fault, or a while after it (`settings.lateMs`). */
export interface Fault<A> {
  readonly work: "none" | "done" | "late";
  /** What the caller gets; `cut` is the usual answer that ends early, `reset` a closed connection, `silence` nothing ever. */
  readonly answer: A | "cut" | "reset" | "silence";
}

/** Faults in which something is done, or nothing is ever said: the same whatever is stood in for. */
export const OF_THE_NETWORK = {
  reset: { work: "none", answer: "reset" },
  hang: { work: "none", answer: "silence" },
  "done-but-malformed": { work: "done", answer: "cut" },
  "done-but-reset": { work: "done", answer: "reset" },
  "done-but-silent": { work: "done", answer: "silence" },
  "done-but-gateway-timeout": {
    work: "done",
    answer: page(504, "Gateway Time-out"),
  },
  "done-late": { work: "late", answer: "silence" },
} satisfies Record<string, Fault<Answer>>;

/** Plays it. `shown`: an answer as this caller gets it; `lateMs`: milliseconds until late work is done. */
export async function playFault<A>(
  { work: when, answer }: Fault<A>,
  {
    work,
    shown,
    lateMs,
  }: {
    readonly work: () => Answer;
    readonly shown: (answer: A) => Answer;
    readonly lateMs: number;
  },
  response: ServerResponse,
): Promise<void> {
  const usual = when === "done" ? work() : json(200, {});
  if (answer === "reset") response.socket?.resetAndDestroy();
  else if (answer === "cut")
    send(response, {
      ...usual,
      status: usual.status === 204 ? 200 : usual.status,
      body: usual.body.slice(0, -3),
    });
  else if (answer !== "silence") send(response, shown(answer));
  if (when !== "late") return;
  await delay(lateMs);
  work();
}
