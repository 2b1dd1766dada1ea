import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTransport, type Transport } from "@nexus/shared/queue";
import { startWireServer, type WireServer } from "../index.ts";

const JOBS = 500;
const WORKERS = 3;
const settings = { concurrency: 5, lockMs: 8_000, stalledCheckMs: 2_500, graceMs: 1_000 };
let server: WireServer;
let transports: Transport[];
const errors: Error[] = [];

beforeAll(async () => {
  server = await startWireServer({ searchPath: "bullmq, public" });
  const open = () =>
    openTransport({
      url: server.url,
      prefix: "wire",
      workers: 1,
      onError: (error) => errors.push(error),
    });
  const first = await open();
  transports = [first, await open(), await open()];
});

afterAll(async () => {
  await Promise.all(transports.map((transport) => transport.close()));
  await server.close();
});

describe("the queue on the embedded server", () => {
  it(`does ${JOBS} jobs once each with ${WORKERS} workers, and wakes an idle one at once`, async () => {
    const done: unknown[] = [];
    let step = (): void => undefined;
    const handler = async (data: unknown) => {
      done.push(data);
      step();
      return { kind: "done" } as const;
    };
    const until = async (count: number): Promise<void> => {
      while (done.length < count) await new Promise<void>((resolve) => (step = resolve));
    };
    const stops = await Promise.all(
      transports.map((transport) => transport.work("load", settings, handler)),
    );
    const [transport] = transports;

    await transport?.enqueue(
      "load",
      Array.from({ length: JOBS }, (_, n) => ({ id: `job.${n}`, data: { n } })),
    );
    await until(JOBS);
    const offeredAt = performance.now();
    await transport?.enqueue("load", [{ id: "job.last", data: { n: JOBS } }]);
    await until(JOBS + 1);

    expect(performance.now() - offeredAt).toBeLessThan(1_500);
    await Promise.all(stops.map((stop) => stop()));
    expect(new Set(done.map((data) => JSON.stringify(data))).size).toBe(JOBS + 1);
    expect(done).toHaveLength(JOBS + 1);
    expect(errors).toEqual([]);
    expect(await transport?.count("load")).toBe(0);
  });
});
