/** What every server that carries the queue must do: one suite, run on each. Broken servers: `transport-outage.test.ts`. */
import { fileURLToPath } from "node:url";
import type { Handler, Transport } from "@nexus/shared/queue";
import { eventually, type ServiceProcess, startService } from "@nexus/shared/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Carrier, carriers } from "./transport/carriers.ts";
import { DONE, gate, idOf } from "./transport/jobs.ts";
import { openSuite, quick } from "./transport/settings.ts";

const WORKER = fileURLToPath(new URL("../dist/transport/worker-process.js", import.meta.url));

describe.each(carriers)("the queue on $name", (kind) => {
  let carrier: Carrier;
  let transports: readonly [Transport, Transport];
  const errors: Error[] = [];
  let queue = "none";
  let count = 0;
  let stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    carrier = await kind.start();
    transports = [await openSuite(carrier.url, errors), await openSuite(carrier.url, errors)];
  });
  afterAll(async () => {
    await Promise.all(transports.map((transport) => transport.close()));
    await carrier.stop();
  });
  beforeEach(() => {
    queue = `queue-${(count += 1)}`;
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
    stops = [];
    // The renewal of a lock may cross with the end of its job: reported, harmless.
    const said = errors
      .splice(0)
      .filter(({ message }) => !message.startsWith("could not renew lock"));
    expect(said).toEqual([]);
  });

  /** Starts a worker that is stopped after the test. */
  async function work(which: 0 | 1, handler: Handler, settings = {}): Promise<() => Promise<void>> {
    const stop = await transports[which].work(queue, { ...quick, ...settings }, handler);
    stops.push(stop);
    return stop;
  }

  async function startProcess(how: "done" | "hold"): Promise<ServiceProcess> {
    const args = [carrier.url, queue, how];
    const started = await startService({ name: "worker", main: WORKER, env: {}, args });
    stops.push(() => started.kill());
    return started;
  }

  function offer(...ids: string[]): Promise<void> {
    return transports[0].enqueue(
      queue,
      ids.map((id) => ({ id, data: { id } })),
    );
  }

  const waiting = (): Promise<number> => transports[1].count(queue);

  it("knows who listens, where its server can tell", async () => {
    await work(0, async () => DONE);
    expect(await transports[1].workers(queue)).toBe(transports[1].kind === "redis" ? 1 : undefined);
  });

  it("takes a job once while its id is in the queue, however often it is offered", async () => {
    await Promise.all(Array.from({ length: 20 }, () => offer("run.a.1", "run.a.1")));
    expect(await waiting()).toBe(1);
    const taken: unknown[] = [];
    await work(0, async (data) => {
      taken.push(data);
      await offer("run.a.1");
      return DONE;
    });
    await eventually(async () => (await waiting()) === 0);
    expect(taken).toEqual([{ id: "run.a.1" }]);
  });

  it("takes the same id again once it is done", async () => {
    const taken: unknown[] = [];
    await work(0, async (data) => {
      taken.push(data);
      return DONE;
    });
    for (const times of [1, 2, 3]) {
      await offer("run.a.1");
      await eventually(async () => taken.length === times && (await waiting()) === 0);
    }
  });

  it("counts what waits, what is at work and what is delayed", async () => {
    const hold = gate();
    const started = gate();
    await work(
      0,
      async (data) => {
        if (idOf(data) === "run.later") return { kind: "later", ms: 60_000 };
        started.open();
        await hold.opened;
        return DONE;
      },
      { concurrency: 1 },
    );
    await offer("run.later", "run.now", "run.next", "run.last");
    await started.opened;
    expect(await waiting()).toBe(4);
    hold.open();
    await eventually(async () => (await waiting()) === 1);
  });

  it("gives a job that is done later back after its time, as often as need be", async () => {
    const times: number[] = [];
    await work(0, async () => {
      times.push(performance.now());
      return times.length < 7 ? { kind: "later", ms: 60 } : DONE;
    });
    await offer("run.a.1");
    await eventually(async () => times.length === 7 && (await waiting()) === 0);
    const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50);
  });

  it("gives a job that is handed back to another worker", async () => {
    const done = gate();
    await work(0, async () => ({ kind: "hand_back" }), { concurrency: 1 });
    await work(1, async () => (done.open(), DONE), { concurrency: 1 });
    await offer("run.a.1");
    await done.opened;
    await eventually(async () => (await waiting()) === 0);
  });

  it("drops a job whose handler throws, and goes on with the next", async () => {
    const taken: unknown[] = [];
    await work(
      0,
      async (data) => {
        taken.push(idOf(data));
        if (idOf(data) === "run.poison") throw new Error("a defect");
        return DONE;
      },
      { concurrency: 1 },
    );
    await offer("run.poison", "run.good");
    await eventually(async () => taken.includes("run.good") && (await waiting()) === 0);
    await offer("run.good-too");
    await eventually(async () => taken.includes("run.good-too") && (await waiting()) === 0);
    expect(taken).toEqual(["run.poison", "run.good", "run.good-too"]);
  });

  it("lets nobody else have a job that takes longer than its lock, while its worker lives", async () => {
    const taken: unknown[] = [];
    const slow: Handler = async (data, signal) => {
      taken.push(data);
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 2_500);
        signal.addEventListener("abort", () => resolve());
      });
      return DONE;
    };
    const settings = { lockMs: 1_000, stalledCheckMs: 250 };
    await work(0, slow, settings);
    await work(1, slow, settings);
    await offer("run.a.1");
    await eventually(async () => taken.length > 0 && (await waiting()) === 0);
    expect(taken).toHaveLength(1);
  });

  it("does 500 jobs over three workers, one of them another process, once each", async () => {
    const ids = Array.from({ length: 500 }, (_, n) => `run.a.${n}`);
    const here: string[] = [];
    const handler: Handler = async (data) => (here.push(idOf(data)), DONE);
    const elsewhere = await startProcess("done");
    await work(0, handler);
    await work(1, handler);
    await offer(...ids);
    await eventually(async () => (await waiting()) === 0, { within: 30_000 });
    const there = elsewhere.logs().flatMap(({ msg, data }) => (msg === "took" ? idOf(data) : []));
    expect([...here, ...there].sort()).toEqual(ids.sort());
    expect(there.length).toBeGreaterThan(0);
  });

  it("gives a killed process's job to another within the lock's time and a check's", async () => {
    const killed = await startProcess("hold");
    await offer("run.a.1");
    await killed.waitForLine({ msg: "took" });
    const taken = gate();
    await work(0, async () => (taken.open(), DONE));
    await killed.kill();
    const killedAt = performance.now();
    await taken.opened;
    expect(performance.now() - killedAt).toBeLessThan(quick.lockMs + quick.stalledCheckMs + 2_000);
    await eventually(async () => (await waiting()) === 0);
  });

  it("closes a worker when its job is done, and takes no other", async () => {
    const hold = gate();
    const started = gate();
    const taken: string[] = [];
    const stop = await work(
      0,
      async (data) => {
        taken.push(idOf(data));
        started.open();
        await hold.opened;
        return DONE;
      },
      { concurrency: 1 },
    );
    await offer("run.first", "run.second");
    await started.opened;
    const stopped = stop();
    hold.open();
    await stopped;
    expect(taken).toEqual(["run.first"]);
    expect(await waiting()).toBe(1);
  });

  it("tells a job to hand back when the grace of closing is over, and another worker does it", async () => {
    const started = gate();
    const stop = await work(
      0,
      async (_, signal) => {
        started.open();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        return { kind: "hand_back" };
      },
      { graceMs: 50 },
    );
    await offer("run.a.1");
    await started.opened;
    const stoppedAt = performance.now();
    await stop();
    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
    expect(await waiting()).toBe(1);
    const done = gate();
    await work(1, async () => (done.open(), DONE));
    await done.opened;
    expect(performance.now() - stoppedAt).toBeLessThan(quick.lockMs);
  });
});
