/** A POST with an `Idempotency-Key` is done once: repeating it repeats its answer. Without the header nothing is kept. */
import { createHash, createHmac } from "node:crypto";
import type { Pool } from "@nexus/shared/database";
import type { FastifyReply, FastifyRequest } from "fastify";
import { needOf } from "../access/roles.ts";
import { Problem } from "../answers/problem.ts";
import {
  type Claim,
  claimKey,
  keepAnswer,
  releaseKey,
  type RequestMark,
} from "../queries/idempotency-keys.ts";
import type { App } from "../server.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set while this request holds the claim of its key. */
    claimed: RequestMark | null;
  }
}

/** Looks after every route of ours that changes something. */
export function doOnce(app: App, target: Pool): void {
  app.decorateRequest("claimed", null);

  app.addHook("preHandler", async (request, reply) => {
    const mark = markOf(request);
    if (mark === undefined) return;
    const claim = await claimKey(target, mark);
    switch (claim.kind) {
      case "claimed":
        request.claimed = mark;
        return;
      case "in_flight":
        reply.header("retry-after", "1");
        throw new Problem(
          409,
          "idempotency_in_flight",
          "the first request with this key is still being done",
        );
      case "reused":
        throw new Problem(
          422,
          "idempotency_key_reused",
          "this key came with another request: use a new one",
        );
      case "done":
        throw alreadyDone(claim);
      case "answered": {
        const { status, contentType, body } = claim.answer;
        await reply
          .code(status)
          .header("content-type", contentType)
          .header("idempotency-replayed", "true")
          .send(body);
      }
    }
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const mark = request.claimed ?? null; // Pages that were added before have requests of their own, without it.
    if (mark === null) return;
    request.claimed = null;
    await keepAnswerOrRelease(target, mark, reply, payload).catch((error: unknown) => {
      request.log.warn({ err: error }, "an answer could not be kept under its idempotency key");
    });
  });
}

function alreadyDone({ action, runId }: Extract<Claim, { kind: "done" }>): Problem {
  const what = runId === null ? action : `${action}, run ${runId}`;
  const detail = `what this request asked for was done (${what}), and its answer was lost: look at it (nexus status, nexus audit)`;
  return new Problem(409, "already_done", detail, { action, runId });
}

/** What our own failure was may be different next time; everything else is the answer. */
async function keepAnswerOrRelease(
  target: Pool,
  mark: RequestMark,
  reply: FastifyReply,
  payload: unknown,
): Promise<void> {
  if (reply.statusCode >= 500 || typeof payload !== "string") return await releaseKey(target, mark);
  const contentType = String(reply.getHeader("content-type"));
  await keepAnswer(target, mark, { status: reply.statusCode, contentType, body: payload });
}

/** Undefined where there is nothing to look after. The parsed body has its members in one order, however they were sent. */
function markOf(request: FastifyRequest): RequestMark | undefined {
  const key = request.headers["idempotency-key"];
  const need = needOf(request.method, request.routeOptions.url ?? "");
  if (
    request.method !== "POST" ||
    typeof key !== "string" ||
    need === undefined ||
    need === "public"
  )
    return undefined;
  const caller = request.caller?.name ?? "";
  return {
    key: createHash("sha256").update(`${caller}\n${key}`).digest(),
    fingerprint: createHmac("sha256", key)
      .update(`${request.url}\n${JSON.stringify(request.body) ?? ""}`)
      .digest(),
  };
}
