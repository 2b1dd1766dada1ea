/** One call of InvokeModel, from the request to what the caller gets. */
import type { IncomingHttpHeaders } from "node:http";
import { DIMENSIONS, lexicalVector, MAX_CHARACTERS, MAX_TOKENS } from "@nexus/shared/embedding";
import { z } from "zod";
import { answer, type Answer, refusal, vectorBody } from "./answers.ts";
import type { Ledger } from "./bill.ts";
import { refuseUnsigned } from "./credentials.ts";
import { type Reply, replyOf } from "./faults.ts";
import type { Quota } from "./quota.ts";
import type { Schedule } from "./schedule.ts";

export interface StandIn {
  readonly ledger: Ledger;
  readonly quota: Quota;
  readonly schedule: Schedule;
  /** Milliseconds, never decreasing. */
  readonly now: () => number;
}

export interface Call {
  readonly modelId: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const MODEL = "amazon.titan-embed-text-v2:0";

const modelInput = z.strictObject({
  inputText: z.string(),
  dimensions: z.literal(DIMENSIONS).optional(),
  normalize: z.literal(true).optional(),
  embeddingTypes: z.tuple([z.literal("float")]).optional(),
});

/** In the service's order: who is it, which model, is it well today, is the text one, is there quota. */
export function invoke(standIn: StandIn, { modelId, headers, body }: Call): Reply {
  standIn.ledger.count("calls");
  const refused = refuseUnsigned(headers) ?? refuseModel(modelId);
  if (refused !== undefined) return refused;
  const fault = standIn.schedule.nextFault(standIn.now());
  if (fault !== "none") {
    standIn.ledger.count("faults");
    return countThrottled(standIn, replyOf(fault));
  }
  const text = readText(body);
  return typeof text === "string" ? embed(standIn, text) : text;
}

function refuseModel(modelId: string): Answer | undefined {
  if (modelId === MODEL) return undefined;
  return refusal(404, "ResourceNotFoundException", `The stand-in knows ${MODEL} only.`);
}

/** The text, or why it is none. Never quotes it. */
function readText(body: string): string | Answer {
  const input = modelInput.safeParse(parseJson(body));
  if (!input.success)
    return invalid("Malformed input request, please reformat your input and try again.");
  const { length } = input.data.inputText;
  if (input.data.inputText.trim() === "")
    return invalid("Malformed input request: expected minLength: 1, actual: 0.");
  if (length > MAX_CHARACTERS)
    return invalid(
      `Malformed input request: expected maxLength: ${MAX_CHARACTERS}, actual: ${length}.`,
    );
  return input.data.inputText;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function embed(standIn: StandIn, text: string): Reply {
  const settings = standIn.schedule.settings();
  const tokens = Math.max(1, Math.ceil(text.length / settings.charactersPerToken));
  if (tokens > MAX_TOKENS)
    return invalid(
      `Too many input tokens. Max input tokens: ${MAX_TOKENS}, request input token count: ${tokens}`,
    );
  const admitted = standIn.quota.admit(tokens, settings, standIn.now());
  if (admitted !== "admitted")
    return countThrottled(
      standIn,
      refusal(429, "ThrottlingException", `Too many ${admitted}, please wait before trying again.`),
    );
  standIn.ledger.charge(text, tokens);
  return answer(200, vectorBody(Array.from(lexicalVector(text), toJson), tokens), {
    "x-amzn-bedrock-input-token-count": String(tokens),
    "x-amzn-bedrock-invocation-latency": String(settings.latencyMs),
  });
}

/** Zeros as long as other numbers: a body takes as many bytes, and as long to parse, as the model's. */
function toJson(value: number): string {
  return value === 0 ? "0.000000000000000000" : String(value);
}

function countThrottled({ ledger, schedule }: StandIn, reply: Reply): Reply {
  if (typeof reply === "string" || reply.status !== 429) return reply;
  ledger.count("throttled");
  const { retryAfterSeconds } = schedule.settings();
  if (retryAfterSeconds === null) return reply;
  return { ...reply, headers: { ...reply.headers, "retry-after": String(retryAfterSeconds) } };
}

function invalid(message: string): Answer {
  return refusal(400, "ValidationException", message);
}
