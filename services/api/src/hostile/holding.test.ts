/** Callers that hold on to what they get: over real sockets, many at once. Nobody else is kept out, and nothing of theirs stays. */
import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { eventually, freshLedger, remark } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import { tokensVariable } from "../access/tokens.ts";
import { apiOn, type ApiUnderTest, loadingRun } from "../api.fixture.ts";
import { memoryKept } from "./memory.fixture.ts";

/** `npm run hostile` has ten times as many. */
const CALLERS = Number(process.env["HOSTILE_REQUESTS"] ?? 1_000) / 10;
const STREAM = "/v1/progress/stream";
const OF_ONE_TOKEN = 40;

let api: ApiUnderTest;
const sockets: Socket[] = [];

beforeEach(async (context) => {
  const { target, url } = await freshLedger(context);
  const hash = (token: string): string => createHash("sha256").update(token).digest("hex");
  const tokens = tokensVariable.schema.parse(
    ["greedy", "modest"].map((name) => `${name}:viewer:${hash(name)}`).join(","),
  );
  api = apiOn(target, url, undefined, undefined, { tokens, requestsPerMinute: 1_000_000 });
  await loadingRun(target);
  await api.app.listen({ port: 0, host: "127.0.0.1" });
  context.onTestFinished(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await api.app.close();
  });
});

it(`HEAD of a stream, ${CALLERS} times, leaves no reader and no memory behind`, async () => {
  await inTurn(CALLERS, () => head());
  const before = memoryKept();
  await inTurn(CALLERS, () => head());
  expect((memoryKept() - before) / 2 ** 20, "MiB").toBeLessThan(16);
});

it("one viewer holds its part of the streams, and readers that never read hold no others", async () => {
  const answers = await Promise.all(
    Array.from({ length: 2 * OF_ONE_TOKEN }, () => unread("greedy")),
  );
  const of = (wanted: string): number => answers.filter((status) => status === wanted).length;
  expect([of("200"), of("503")]).toEqual([OF_ONE_TOKEN, OF_ONE_TOKEN]);
  expect(await unread("modest")).toBe("200");
  expect((await api.app.inject("/healthz")).statusCode).toBe(200);
  for (const socket of sockets.splice(0)) socket.destroy();
  await eventually(() => unread("greedy"), { until: (status) => status === "200" });
});

it("slow bodies hold their connections for seconds only, while others are answered", async (context) => {
  if (CALLERS < 1_000) context.skip("npm run hostile; two of them are sent in server.test.ts");
  const begun = performance.now();
  const slow = Array.from({ length: 200 }, () => dripping());
  await inTurn(20, async () => {
    const answer = await fetch(`${api.app.listeningOrigin}/v1/progress`, { headers: as("modest") });
    expect(answer.status).toBe(200);
  });
  await Promise.all(slow);
  remark("measured", `200 slow bodies ended after ${Math.round(performance.now() - begun)} ms`);
  expect(performance.now() - begun).toBeLessThan(20_000);
}, 60_000);

async function inTurn(times: number, act: () => Promise<void>): Promise<void> {
  for (let time = 0; time < times; time++) await act();
}

async function head(): Promise<void> {
  const answer = await fetch(`${api.app.listeningOrigin}${STREAM}`, {
    method: "HEAD",
    headers: as("greedy"),
  });
  expect(answer.status).toBe(404);
}

function as(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Asks for a stream, and reads no more than the status. */
async function unread(token: string): Promise<string | undefined> {
  const socket = opened();
  socket.write(
    `GET ${STREAM} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n\r\n`,
  );
  return await new Promise((resolve) => {
    socket.once("data", (data) => {
      socket.pause();
      resolve(data.toString().split(" ")[1]);
    });
    socket.once("close", () => resolve(undefined));
  });
}

/** Sends its body a blank at a time. Resolves when it is cut off. */
async function dripping(): Promise<void> {
  const socket = opened();
  socket.write(
    "POST /v1/runs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer greedy\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{",
  );
  const drip = setInterval(() => socket.write(" "), 200);
  socket.resume();
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  clearInterval(drip);
}

function opened(): Socket {
  const socket = connect(Number(new URL(api.app.listeningOrigin).port), "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}
