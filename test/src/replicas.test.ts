/** Three replicas of the API over one ledger do and say what one would. */
import { followProgress, openClient, type RunView } from "@nexus/contract";
import { counts } from "@nexus/local/sample";
import { eventually, stacksWithVectors } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { drained } from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";
import { metricsIn } from "./platform/exported.ts";

const scale = 0.02;
const ports = z.object({ port: z.number(), metricsPort: z.number() });
const started = z.object({ runId: z.number() });

interface Replica {
  readonly url: string;
  readonly metricsUrl: string;
}

describe.each(stacksWithVectors())("three replicas of the API, on $name", (stack) => {
  let journey: Journey;
  let replicas: readonly Replica[];
  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale },
      env: { BATCH_ROWS: "20", API_PORT: "0", METRICS_PORT: "0" },
      loaders: 2,
      embedders: 1,
    });
    const services = await Promise.all([1, 2, 3].map(() => journey.start("api")));
    replicas = services.map((service) => {
      const { port, metricsPort } = ports.parse(service.logs().find(({ msg }) => msg === "ready"));
      return {
        url: `http://127.0.0.1:${port}`,
        metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
      };
    });
  });
  afterAll(() => journey?.close());

  it("start one run, whoever of them is asked how often, and tell the same of it from its first row to its last", async () => {
    const streams = replicas.map(async ({ url }) => await toTheEnd(url));
    const asked = [1, 2, 3].flatMap(() => replicas.map(({ url }) => post(`${url}/v1/runs`)));
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array<number>(8).fill(409)]);
    const ends = await Promise.all(streams);
    for (const views of ends) {
      const shares = views.map(({ totals: { percent } }) => percent);
      expect(shares, "percent never falls").toEqual([...shares].sort((a, b) => a - b));
    }
    await drained(journey.target);
    const told = await theSame(({ url }) => openClient({ url }).call("GET /v1/progress"));
    expect(told.entities.find(({ entity }) => entity === "cases")?.read).toBe(
      counts(scale).projects,
    );
    for (const views of ends) expect(views.at(-1)?.totals).toEqual(told.totals);
    expect(await recorded()).toEqual({ runs: 1, started: 1 });
  });

  it("do once what is asked under one key, and repeat the answer elsewhere", async () => {
    const headers = { "idempotency-key": "the-second-run" };
    const runIds = new Set<number>();
    for (const { url } of replicas) {
      const response = await post(`${url}/v1/runs`, headers);
      expect(response.status).toBe(201);
      runIds.add(started.parse(await response.json()).runId);
    }
    const [runId = 0] = runIds;
    expect(runIds.size).toBe(1);
    expect(await recorded()).toEqual({ runs: 2, started: 2 });
    await journey.completed(runId);
  });

  it("export the same of the ledger, so that the highest over them is what one says", async () => {
    await drained(journey.target);
    const told = await theSame(({ metricsUrl }) => ofTheLedger(metricsUrl));
    expect(told).toContain(
      `nexus_rows{entity="cases",outcome="loaded"} ${counts(scale).projects}\n`,
    );
    expect(told).toContain("nexus_run_active 0\n");
  });

  /** What all replicas answer, once it is the same: each looks at the ledger when its last answer is a second old. */
  async function theSame<T>(ask: (replica: Replica) => Promise<T>): Promise<T> {
    const answers = await eventually(() => Promise.all(replicas.map(ask)), {
      until: (given) => new Set(given.map((answer) => JSON.stringify(answer))).size === 1,
      every: 200,
    });
    const [answer] = answers;
    if (answer === undefined || answers.length !== 3)
      throw new Error("there are not three replicas");
    return answer;
  }

  async function post(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return await fetch(url, { method: "POST", headers });
  }

  /** Everything that a replica streams until a run is complete. */
  async function toTheEnd(url: string): Promise<RunView[]> {
    const stop = new AbortController();
    const views: RunView[] = [];
    for await (const view of followProgress({ url }, stop.signal)) {
      if (view.run !== null) views.push(view);
      if (view.run?.status === "completed") stop.abort();
    }
    return views;
  }

  async function recorded(): Promise<{ runs: number; started: number } | undefined> {
    const { rows } = await journey.target.query<{ runs: number; started: number }>(
      `select (select count(*) from migration.runs) as runs,
         (select count(*) from migration.audit_log where action = 'start') as started`,
    );
    return rows[0];
  }
});

/** What a replica exports, but for what is of its own process. */
async function ofTheLedger(metricsUrl: string): Promise<string> {
  const text = await (await fetch(metricsUrl)).text();
  const own = metricsIn(text).filter(
    ({ name }) => !name.startsWith("nexus_") || name.startsWith("nexus_connection"),
  );
  const names = new Set(own.map(({ name }) => name));
  const blocks = text.split(/^# HELP /m).slice(1);
  return blocks.filter((block) => !names.has(block.split(" ")[0] ?? "")).join("");
}
