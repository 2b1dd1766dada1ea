/** Bull Board at `/queues`: what lies in the queues, for admins to look at and not to touch. Jobs hold keys only. */
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import type { BoardQueue } from "@nexus/shared/queue";
import type { App } from "../server.ts";
import { asProblem } from "./errors.ts";

/** The ledger decides. Retrying or removing a job here would change only the view. */
const LOOK_ONLY = { readOnlyMode: true };

/** Adds the board, unless there are no queues that it can show. */
export function showQueues(app: App, queues: readonly BoardQueue[]): void {
  if (queues.length === 0) return;
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath("/queues");
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, LOOK_ONLY)),
    serverAdapter,
    options: { uiConfig: { boardTitle: "Smile Nexus Migration" } },
  });
  serverAdapter.setErrorHandler(answerOf);
  void app.register(
    async (board) => {
      board.addHook("onSend", async (_request, reply, payload) =>
        String(reply.getHeader("content-type")).startsWith("text/html")
          ? withoutElsewhere(payload)
          : payload,
      );
      await board.register(serverAdapter.registerPlugin());
    },
    { prefix: "/queues" },
  );
}

/** What is wrong with the request keeps its status; the page shows `error`. The board's types know fewer statuses than there are. */
function answerOf(error: Error) {
  const { status, code, message } = asProblem(error);
  return status < 500
    ? Object.assign({ status: 500 as const }, { status, body: { error: message, code, status } })
    : { status: 500 as const, body: { error: "the queue cannot be read" } };
}

/** Its page asks another server for a font, which nobody here may do: without it the system's own is used. */
function withoutElsewhere(payload: unknown): unknown {
  return typeof payload === "string"
    ? payload.replaceAll(/<link href="https:[^>]*>/g, "")
    : payload;
}
