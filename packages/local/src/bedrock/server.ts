/**
 * A stand-in for Amazon Bedrock's runtime on loopback, for the AWS SDK with an endpoint override:
 *
 *     POST /model/amazon.titan-embed-text-v2%3A0/invoke    InvokeModel: quotas, latency and faults by schedule
 *     GET  /bill                                           what it would charge for, by its own count
 *     POST /schedule                                       changes limits, latency, faults from the next call on
 *
 * Its vectors are lexical (room `embedding`): a search among them finds texts that share words. It keeps no text.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { answer, type Answer, send } from "./answers.ts";
import { type Bill, openLedger } from "./bill.ts";
import { type Call, invoke, type StandIn } from "./invoke.ts";
import { openQuota } from "./quota.ts";
import { openSchedule, type ScheduleChange } from "./schedule.ts";
import { listen } from "../stand-in/listen.ts";

export interface BedrockOptions extends ScheduleChange {
  /** 0 (any free port) if left out. */
  readonly port?: number;
  /** The address to listen on; 127.0.0.1 if left out. */
  readonly host?: string;
}

export interface BedrockServer {
  readonly port: number;
  /** For `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`. */
  readonly url: string;
  bill(): Bill;
  change(change: ScheduleChange): void;
  /** Cuts all connections. */
  close(): Promise<void>;
}

/** Starts the stand-in. */
export async function startBedrock({
  port = 0,
  host = "127.0.0.1",
  ...first
}: BedrockOptions = {}): Promise<BedrockServer> {
  const standIn: StandIn = {
    ledger: openLedger(),
    quota: openQuota(),
    schedule: openSchedule(first),
    now: () => performance.now(),
  };
  const {
    port: taken,
    server,
    close,
  } = await listen(port, (request, response) => void respond(standIn, request, response), host);
  server.on("connection", () => standIn.ledger.count("connections"));
  return {
    port: taken,
    url: `http://127.0.0.1:${taken}`,
    bill: () => standIn.ledger.bill(),
    change: (change) => standIn.schedule.change(change),
    close,
  };
}

async function respond(
  standIn: StandIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(standIn, request, response);
  } catch {
    response.destroy(); // The caller has gone.
  }
}

async function route(
  standIn: StandIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = "" } = request;
  const body = await text(request);
  const modelId = modelIdOf(url);
  if (method === "POST" && modelId !== undefined)
    await invokeModel(standIn, request, response, { modelId, body });
  else if (method === "POST" && url === "/schedule") send(response, changeSchedule(standIn, body));
  else if (method === "GET" && url === "/bill")
    send(response, answer(200, JSON.stringify(standIn.ledger.bill())));
  else send(response, answer(404, "{}"));
}

async function invokeModel(
  standIn: StandIn,
  { headers, socket }: IncomingMessage,
  response: ServerResponse,
  call: Omit<Call, "headers">,
): Promise<void> {
  const outcome = invoke(standIn, { ...call, headers });
  const { latencyMs } = standIn.schedule.settings();
  if (latencyMs > 0) await delay(latencyMs);
  if (outcome === "reset") socket.resetAndDestroy();
  else if (outcome !== "hang") send(response, outcome);
}

function modelIdOf(url: string): string | undefined {
  const encoded = /^\/model\/([^/]+)\/invoke$/.exec(url)?.[1];
  return encoded === undefined ? undefined : decodeURIComponent(encoded);
}

function changeSchedule({ schedule }: StandIn, body: string): Answer {
  try {
    const change: ScheduleChange = JSON.parse(body);
    schedule.change(change);
    return answer(200, JSON.stringify(schedule.settings()));
  } catch (error) {
    return answer(400, JSON.stringify({ message: String(error) }));
  }
}
