import { describe, expect, it, type TestContext } from "vitest";
import { type Status, serveStatus } from "./status-server.ts";

async function served(context: TestContext, more: Partial<Status> = {}): Promise<string> {
  const metrics = async () => ({ contentType: "text/plain; version=0.0.4", text: "up 1\n" });
  const server = await serveStatus(
    { metrics, checks: { target: async () => 1 }, ...more },
    "127.0.0.1",
    0,
  );
  context.onTestFinished(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

describe("the status of a service", () => {
  it("is served: metrics, health and readiness", async (context) => {
    const url = await served(context);
    const metrics = await fetch(`${url}/metrics`);
    expect([metrics.headers.get("content-type"), await metrics.text()]).toEqual([
      "text/plain; version=0.0.4",
      "up 1\n",
    ]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ target: "ok" });
    expect((await fetch(`${url}/v1/runs`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(404);
  });

  it("names what does not answer", async (context) => {
    const queue = () => Promise.reject(new Error("secret"));
    const url = await served(context, { checks: { target: async () => 1, queue }, metrics: queue });
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { target: "ok", queue: "unavailable" },
    ]);
    const metrics = await fetch(`${url}/metrics`);
    expect([metrics.status, await metrics.text()]).toEqual([500, `{"code":"internal"}`]);
  });

  it("names the port that is taken", async (context) => {
    const { port } = new URL(await served(context));
    await expect(
      served(context).then(() =>
        serveStatus(
          { metrics: async () => ({ contentType: "", text: "" }), checks: {} },
          "127.0.0.1",
          Number(port),
        ),
      ),
    ).rejects.toThrow(`127.0.0.1:${port}`);
  });
});
