/** What the transport does while its server is away, and when it has forgotten everything. */
import { openTransport, type Transport } from "@nexus/shared/queue";
import { eventually, openLine } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Carrier, carriers } from "./transport/carriers.ts";
import { quick } from "./transport/settings.ts";

/** Five seconds that a call may take, and some for a busy machine. */
const GIVEN_UP_MS = 6_500;

describe.each(carriers)("the queue on $name, broken", (kind) => {
  let carrier: Carrier;
  let transport: Transport;
  let taken: unknown[];

  beforeAll(async () => {
    carrier = await kind.start();
  });
  afterAll(() => carrier.stop());
  beforeEach(async () => {
    taken = [];
    transport = await openTransport({
      url: carrier.url,
      prefix: "suite",
      workers: 4,
      onError: () => undefined,
    });
  });

  function offer(queue: string, id: string): Promise<void> {
    return transport.enqueue(queue, [{ id, data: { id } }]);
  }

  /** Offers until the server takes it: a busy machine may need more than one call's time, and an offer made twice is one. */
  async function offered(queue: string, id: string): Promise<void> {
    await eventually(() => offer(queue, id).then(() => true), { within: 30_000 });
  }

  function work(queue: string): Promise<() => Promise<void>> {
    return transport.work(queue, { ...quick, graceMs: 100 }, async (data) => {
      taken.push(data);
      return { kind: "done" };
    });
  }

  it("refuses within five seconds while the server is away, and goes on by itself once it is back", async () => {
    const stop = await work("known");
    await offered("known", "run.before");
    await eventually(() => taken.length === 1);
    await carrier.kill();
    const since = performance.now();
    const calls = [
      offer("known", "run.away"),
      offer("new", "run.away"),
      transport.count("known"),
      transport.ping(),
    ];
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual([
      "rejected",
      "rejected",
      "rejected",
      "rejected",
    ]);
    expect(performance.now() - since).toBeLessThan(GIVEN_UP_MS);

    await carrier.restart();
    await eventually(() => transport.ping().then(() => true), { within: 15_000 });
    const stopNew = await work("new");
    await offered("known", "run.after");
    await offered("new", "run.after");
    await eventually(
      () => taken.filter((data) => JSON.stringify(data).includes("after")).length === 2,
      {
        within: 15_000,
      },
    );
    await Promise.all([stop(), stopNew()]);
    await transport.close();
  });

  it("closes its workers and itself while the server is away", async () => {
    const stop = await work("known");
    await offered("known", "run.before");
    await eventually(() => taken.length === 1);
    await carrier.kill();
    const since = performance.now();
    await stop().catch(() => undefined);
    await transport.close();
    expect(performance.now() - since).toBeLessThan(GIVEN_UP_MS);
    await carrier.restart();
  });

  it("lives on when the server forgets every job in the middle of one", async () => {
    const stop = await transport.work("known", quick, async (data) => {
      if (taken.length === 0) await carrier.forget();
      taken.push(data);
      return { kind: "done" };
    });
    await offered("known", "run.forgotten");
    await eventually(() => taken.length === 1);
    await eventually(async () => (await transport.count("known")) === 0);
    await offered("known", "run.forgotten");
    await eventually(() => taken.length === 2);
    await stop();
    await transport.close();
  });

  it("goes on by itself when its connections fall silent: they are cut, and new ones pass", async (context) => {
    const line = await openLine(carrier.url);
    context.onTestFinished(() => line.cut());
    const behind = await openTransport({
      url: line.url,
      prefix: "suite",
      workers: 1,
      onError: () => undefined,
    });
    const stop = await behind.work("silent", quick, async (data) => {
      taken.push(data);
      return { kind: "done" };
    });
    await offered("silent", "run.before");
    await eventually(() => taken.length === 1);
    expect(line.swallow()).toBeGreaterThan(0);
    await offered("silent", "run.after");
    // A job whose end fell silent too is done once more, before the other or after it.
    const after = () => taken.some((data) => JSON.stringify(data).includes("after"));
    await eventually(after, { within: 60_000 });
    await Promise.all([stop(), transport.close()]);
    await behind.close();
  });

  it("does not open where nobody answers", async () => {
    await transport.close();
    await carrier.kill();
    const opening = openTransport({
      url: carrier.url,
      prefix: "suite",
      workers: 1,
      onError: () => undefined,
    });
    await expect(opening).rejects.toMatchObject({ name: "UnavailableError", exitCode: 3 });
  });
});
