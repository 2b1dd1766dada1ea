/**
 * A stand-in for Dify's Knowledge API on loopback: datasets, documents by text, their indexing, limits and faults by schedule.
 *
 *     /v1/datasets…       the operations of `schedule.ts`, for `Authorization: Bearer <DIFY_KEY>`
 *     POST /schedule      changes limits, indexing and faults from the next call on
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { listen } from "../stand-in/listen.ts";
import { type Answer, json, send } from "../stand-in/answers.ts";
import { playFault } from "../stand-in/play-fault.ts";
import { refusal } from "./answers.ts";
import { faultNamed } from "./faults.ts";
import { type Call, perform } from "./knowledge.ts";
import { route } from "./route.ts";
import {
  openSchedule,
  type Operation,
  OPERATIONS,
  type Schedule,
  type ScheduleChange,
} from "./schedule.ts";
import { openStore, type Store } from "./store.ts";

/** The API key that it takes. */
export const DIFY_KEY = "dataset-stand-in";

export interface DifyOptions extends ScheduleChange {
  /** 0 (any free port) if left out. */
  readonly port?: number;
}

/** A document as a test sees it. */
export interface StoredDocument {
  readonly dataset: string;
  readonly name: string;
  readonly text: string;
  /** How often its text was sent after the first time. */
  readonly revision: number;
}

export interface DifyServer {
  /** For `DIFY_URL`. */
  readonly url: string;
  documents(): StoredDocument[];
  datasets(): { readonly name: string; readonly description: string }[];
  /** Calls so far, whatever became of them. */
  calls(operation: Operation): number;
  /** Somebody deletes it in Dify. Returns whether there was one. */
  removeDataset(name: string): boolean;
  removeDocument(name: string): boolean;
  change(change: ScheduleChange): void;
  /** Cuts all connections. */
  close(): Promise<void>;
}

interface StandIn {
  readonly store: Store;
  readonly schedule: Schedule;
  readonly counts: Map<Operation, number>;
  /** When the limited calls of the last minute came. */
  window: number[];
}

/** Starts the stand-in on 127.0.0.1. */
export async function startDify({ port = 0, ...first }: DifyOptions = {}): Promise<DifyServer> {
  const standIn: StandIn = {
    store: openStore(),
    schedule: openSchedule(first),
    counts: new Map(OPERATIONS.map((operation) => [operation, 0])),
    window: [],
  };
  const { datasets } = standIn.store;
  const listening = await listen(
    port,
    (request, response) => void respond(standIn, request, response),
  );
  return {
    url: `http://127.0.0.1:${listening.port}/v1`,
    documents: () =>
      [...datasets.values()].flatMap((dataset) =>
        [...dataset.documents.values()].map(({ name, text, revision }) => ({
          dataset: dataset.name,
          name,
          text,
          revision,
        })),
      ),
    datasets: () => [...datasets.values()].map(({ name, description }) => ({ name, description })),
    calls: (operation) => standIn.counts.get(operation) ?? 0,
    removeDataset: (name) => remove(datasets, name),
    removeDocument: (name) =>
      [...datasets.values()].some(({ documents }) => remove(documents, name)),
    change: (change) => standIn.schedule.change(change),
    close: listening.close,
  };
}

function remove(from: Map<string, { readonly name: string }>, name: string): boolean {
  const [id] = [...from].find(([, one]) => one.name === name) ?? [];
  return id !== undefined && from.delete(id);
}

async function respond(
  standIn: StandIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "", headers } = request;
  try {
    const body = await text(request);
    const call = route(method, url, body);
    if (call !== undefined) await answerCall(standIn, headers.authorization, call, response);
    else if (method === "POST" && url === "/schedule")
      send(response, changeSchedule(standIn, body));
    else
      send(response, refusal(404, "not_found", "The requested URL was not found on the server."));
  } catch {
    response.destroy(); // The caller has gone.
  }
}

async function answerCall(
  standIn: StandIn,
  authorization: string | undefined,
  call: Call,
  response: ServerResponse,
): Promise<void> {
  const { schedule, store, counts } = standIn;
  const settings = schedule.settings();
  counts.set(call.operation, (counts.get(call.operation) ?? 0) + 1);
  if (settings.latencyMs > 0) await delay(settings.latencyMs);
  if (authorization !== `Bearer ${DIFY_KEY}`)
    return send(response, refusal(401, "unauthorized", "Access token is invalid"));
  const now = performance.now();
  const work = (): Answer => perform({ store, settings, now: performance.now() }, call);
  const { breaksOn } = settings;
  const breaks = breaksOn !== null && call.body.includes(breaksOn);
  const fault = breaks ? "internal" : schedule.nextFault(call.operation, now);
  if (fault === "none") send(response, overLimit(standIn, call, now) ?? work());
  else {
    const { lateMs } = settings;
    await playFault(faultNamed(fault), { work, shown: (answer) => answer, lateMs }, response);
  }
}

const UNLIMITED: readonly Operation[] = ["find", "find-datasets"];

/** The limit of the knowledge base: a sliding minute, in which refused calls count, too. */
function overLimit(standIn: StandIn, { operation }: Call, now: number): Answer | undefined {
  const { requestsPerMinute, minuteMs } = standIn.schedule.settings();
  if (requestsPerMinute === null || UNLIMITED.includes(operation)) return undefined;
  standIn.window = [...standIn.window.filter((at) => at > now - minuteMs), now];
  if (standIn.window.length <= requestsPerMinute) return undefined;
  const { answer } = faultNamed("rate-limited");
  return typeof answer === "object" ? answer : undefined;
}

function changeSchedule({ schedule }: StandIn, body: string): Answer {
  try {
    const change: ScheduleChange = JSON.parse(body);
    schedule.change(change);
    return json(200, schedule.settings());
  } catch (error) {
    return json(400, { message: String(error) });
  }
}
