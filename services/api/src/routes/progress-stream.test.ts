import { createServer } from "node:http";
import { connect } from "node:net";
import { followProgress } from "@nexus/contract";
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type ApiUnderTest, apiUnderTest, loadingRun } from "../api.fixture.ts";
import { dropStuck } from "../progress/event-stream.ts";
import { openProgressFeed } from "../progress/progress-feed.ts";

let api: ApiUnderTest;
let runId: number;
beforeEach(async (context) => {
  api = await apiUnderTest(context);
  runId = await loadingRun(api.target);
  await api.app.listen({ port: 0, host: "127.0.0.1" });
  context.onTestFinished(() => api.app.close());
});

describe("GET /v1/progress/stream", () => {
  it("sends the whole answer, and again when it has changed", async () => {
    const events = open();
    expect((await events.next()).value).toContain("retry: ");
    expect((await events.next()).value).toMatch(
      /^id: .+\nevent: progress\ndata: {"run":{.*"status":"running"/,
    );
    await api.post(`/v1/runs/${runId}/pause`);
    await upTo(events, `"status":"paused"`);
  });

  it("sends nothing again that was seen before the connection was lost", async () => {
    const first = open();
    await first.next();
    const seen = /^id: (.+)$/m.exec((await first.next()).value ?? "")?.[1] ?? "";
    const second = open({ "last-event-id": seen });
    expect((await second.next()).value).toContain("retry: ");
    const next = upTo(second, `"status":"paused"`);
    await api.post(`/v1/runs/${runId}/pause`);
    expect(await next).not.toContain(`id: ${seen}\n`);
    const elsewhere = open({ "last-event-id": "of another time" });
    await elsewhere.next();
    expect((await elsewhere.next()).value).toContain(`"status":"paused"`);
  });

  it("says what the problem is while the target is away, and goes on", async () => {
    await api.target.query("alter table migration.runs rename to away");
    const events = open();
    await events.next();
    expect((await events.next()).value).toBe(
      `event: problem\ndata: {"code":"not_migrated","detail":"the target has no ledger: run \`npm run nexus migrate\`"}\n\n`,
    );
    await api.target.query("alter table migration.away rename to runs");
    expect((await events.next()).value).toContain("event: progress");
  });

  it("ends when the API closes, and does not keep it from closing", async () => {
    const events = open();
    await events.next();
    await events.next();
    await api.app.close();
    expect(await events.next()).toMatchObject({ done: true });
  });

  it("is followed by the client", async () => {
    const stop = new AbortController();
    const statuses: (string | undefined)[] = [];
    for await (const { run } of followProgress({ url: api.app.listeningOrigin }, stop.signal)) {
      statuses.push(run?.status);
      if (run?.status === "paused") stop.abort();
      else await api.post(`/v1/runs/${runId}/pause`);
    }
    expect([...new Set(statuses)]).toEqual(["running", "paused"]);
  });
});

describe("readers that cost and do not read", () => {
  it("ask with HEAD, and are refused", async () => {
    const { statusCode } = await api.app.inject({ method: "HEAD", url: "/v1/progress/stream" });
    expect(statusCode).toBe(404);
    expect((await api.app.inject({ method: "HEAD", url: "/v1/progress" })).statusCode).toBe(200);
  });

  it("may hold a part of the streams, and no stream longer than they are there", async () => {
    const url = `${api.app.listeningOrigin}/v1/progress/stream`;
    const stop = new AbortController();
    const ask = async () => await fetch(url, { signal: stop.signal });
    const answers = await Promise.all(Array.from({ length: 41 }, ask));
    expect(answers.map(({ status }) => status).filter((status) => status === 503)).toHaveLength(1);
    stop.abort();
    await eventually(async () => {
      const again = await fetch(url);
      await again.body?.cancel();
      return again.status === 200;
    });
  });

  it("are dropped when nothing of what waits for them is taken", async (context) => {
    const ended: string[] = [];
    const server = createServer((_request, response) => {
      response.once("close", () => ended.push("dropped"));
      dropStuck(response, 100, 20);
      response.write("x".repeat(16 * 1024 * 1024));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    context.onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    context.onTestFinished(() => void socket.destroy());
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await eventually(() => ended.length === 1);
  });
});

describe("the feed behind it", () => {
  it("computes one answer for all who ask within its time, and one at a time", async () => {
    let computed = 0;
    const view = (await api.app.inject("/v1/progress")).json();
    const compute = async () => {
      computed++;
      await new Promise((resolve) => setImmediate(resolve));
      return view;
    };
    const patient = openProgressFeed(compute, 60_000);
    await Promise.all(Array.from({ length: 100 }, () => patient.current()));
    await patient.current();
    expect(computed).toBe(1);
    const eager = openProgressFeed(compute, 0);
    await Promise.all(Array.from({ length: 100 }, () => eager.current()));
    await eager.current();
    expect(computed).toBe(3);
  });
});

/** The blocks of a stream of its own, which ends with the test. */
async function* blocks(headers: Record<string, string>): AsyncGenerator<string, undefined> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const url = `${api.app.listeningOrigin}/v1/progress/stream`;
  const response = await fetch(url, { headers, signal: stop.signal });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (text + chunk).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) yield `${part}\n\n`;
  }
}

/** All that comes until something is said. What limits a run may change in between. */
async function upTo(events: AsyncGenerator<string, undefined>, said: string): Promise<string> {
  let all = "";
  while (!all.includes(said)) {
    const { value, done } = await events.next();
    if (done === true) throw new Error(`the stream ended without ${said}`);
    all += value;
  }
  return all;
}

function open(headers: Record<string, string> = {}): AsyncGenerator<string, undefined> {
  return blocks(headers);
}
