/** One trace leads from the call that starts a run to its batches and their vectors, and tells no value of any row. */
import { bedrockEnvironment, type BedrockServer, startBedrock } from "@nexus/local/bedrock";
import { type CollectorServer, type ReceivedSpan, startCollector } from "@nexus/local/collector";
import { withPool } from "@nexus/shared/database";
import {
  eventually,
  mostReal,
  remark,
  type RunningStack,
  stacksWithVectors,
} from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canariesIn } from "./canaries.ts";
import { embedded } from "./embedded-stack.ts";
import { distinctTexts, drained } from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";

/** Of the caller, who is traced as well. */
const CALLER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

describe.each(mostReal(stacksWithVectors([embedded])))("the trace of a run, on $name", (stack) => {
  let collector: CollectorServer;
  let bedrock: BedrockServer;
  let journey: Journey;
  let spans: readonly ReceivedSpan[];

  beforeAll(async () => {
    collector = await startCollector();
    bedrock = await startBedrock();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      EMBEDDING_PROVIDER: "bedrock",
      ...bedrockEnvironment(bedrock.url),
      BATCH_ROWS: "60",
      API_PORT: "0",
    };
    journey = await openJourney(stack, {
      sample: { scale: 0.02, markers: "canaries" },
      env,
      embedders: 1,
      prepare: provoke,
    });
    await journey.start("api");
    const runId = await startRun(journey);
    await (await fetch(await addressOf(journey, "progress/stream"))).body?.cancel();
    await eventually(() => failedBatches(journey), {
      until: (failed) => failed > 0,
      within: 60_000,
    });
    await journey.target.query(`drop trigger tells_all on practice_members`);
    await post(journey, "entities/practice_members/requeue", { scope: "failed" });
    await journey.completed(runId);
    await drained(journey.target);
    // Each sends its last spans when it ends.
    for (const service of journey.services)
      expect(await service.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    spans = collector.spans();
  });
  afterAll(async () => {
    await journey?.close();
    await Promise.all([collector?.close(), bedrock?.close()]);
  });

  it("has the id that the caller sent, in all four services, and no span hangs loose", () => {
    expect(new Set(ofRun().map(({ service }) => service))).toEqual(
      new Set(["nexus-api", "nexus-extractor", "nexus-loader", "nexus-embedder"]),
    );
    const ids = new Set([CALLER.spanId, ...ofRun().map(({ spanId }) => spanId)]);
    expect(ofRun().filter(({ parentSpanId }) => !ids.has(parentSpanId))).toEqual([]);
  });

  it("leads from each page of content to the batch that wrote it, its offer, the call and the caller", () => {
    const pages = ofRun().filter(({ name }) => name === "process content");
    expect(pages.length).toBeGreaterThan(5);
    for (const page of pages)
      expect(lineOf(page)).toEqual([
        "nexus-embedder consumer process content",
        expect.stringMatching(/^nexus-loader consumer process load-/),
        expect.stringMatching(/^nexus-extractor producer addBulk load-/),
        "nexus-extractor internal offer batches",
        "nexus-api server POST /v1/runs",
      ]);
  });

  it("leads on from a page to its calls to Bedrock", async () => {
    const calls = ofRun().filter(({ name }) => name === "embeddings amazon.titan-embed-text-v2:0");
    for (const call of calls)
      expect(lineOf(call)[1]).toBe("nexus-embedder consumer process content");
    const texts = calls
      .map(({ attributes }) => Number(attributes["nexus.texts"]))
      .reduce((a, b) => a + b, 0);
    expect(texts).toBeGreaterThanOrEqual(await distinctTexts(journey.target));
  });

  it("holds every batch, with what came of it", async () => {
    const { rows } = await journey.target.query<{ job: string }>(
      `select concat_ws('.', run_id, entity, id, generation) as job from migration.batches order by 1`,
    );
    const done = ofRun().filter(({ attributes }) => attributes["nexus.outcome"] === "done");
    expect(done.map(({ attributes }) => attributes["bullmq.job.id"])).toEqual(
      expect.arrayContaining(rows.map(({ job }) => job)),
    );
    const refused = ofRun().filter(({ attributes }) => attributes["error.type"] === "42703");
    expect(refused.map((span) => [span.failed, lineOf(span).slice(0, 2)])).toContainEqual([
      true,
      [`nexus-loader client ${TRANSACTION}`, "nexus-loader consumer process load-practice_members"],
    ]);
    remark("measured", `a trace of ${rows.length} batches: ${ofRun().length} spans`);
  });

  it("is not drowned by the housekeeping of the queue", () => {
    expect(spans.filter(({ scope, kind }) => scope === "bullmq" && kind === "internal")).toEqual(
      [],
    );
    const others = spans.filter(({ traceId }) => traceId !== CALLER.traceId);
    expect(new Set(others.map((span) => lineOf(span).at(-1)))).toEqual(
      new Set(["nexus-api server POST /v1/entities/:entity/requeue"]),
    );
  });

  it("tells no value, whatever went wrong", async () => {
    const sent = collector.bytes().toString("latin1");
    expect(sent).toContain("process load-practice_members");
    expect(canariesIn(sent)).toEqual([]);
    const people = await journey.target.query<{ value: string }>(
      `select distinct unnest(array[email, first_name, last_name]) as value from profiles`,
    );
    const values = people.rows.map(({ value }) => value).filter((value) => value?.length > 3);
    expect(values.length).toBeGreaterThan(50);
    expect(values.filter((value) => sent.includes(value))).toEqual([]);
  });

  it("tells these attributes and no others", () => {
    const names = spans.flatMap(({ attributes }) => Object.keys(attributes));
    expect([...new Set(names)].sort()).toEqual(TOLD);
    expect(spans.filter(({ extras }) => extras > 0)).toEqual([]);
  });

  function ofRun(): ReceivedSpan[] {
    return spans.filter(({ traceId }) => traceId === CALLER.traceId);
  }

  /** A span and those above it, up to where the trace began here. */
  function lineOf(span: ReceivedSpan): string[] {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    const own = `${span.service} ${span.kind} ${span.name}`;
    return parent === undefined ? [own] : [own, ...lineOf(parent)];
  }
});

const TRANSACTION = "PostgreSQL transaction";

const TOLD = [
  "bullmq.job.attempts.made",
  "bullmq.job.bulk.count",
  "bullmq.job.id",
  "bullmq.queue.name",
  "db.system.name",
  "error.type",
  "gen_ai.request.model",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "nexus.entity",
  "nexus.jobs",
  "nexus.outcome",
  "nexus.run",
  "nexus.texts",
];

async function startRun(journey: Journey): Promise<number> {
  const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
  const answer = await post(
    journey,
    "runs",
    { embeddings: true },
    { traceparent, tracestate: "x=CANARY-911" },
  );
  return Number(/"runId":(\d+)/.exec(answer)?.[1]);
}

async function post(
  journey: Journey,
  path: string,
  body: object,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await fetch(await addressOf(journey, path), {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...more },
  });
  return await answer.text();
}

async function addressOf({ services }: Journey, path: string): Promise<string> {
  const api = services.find(({ name }) => name === "api");
  const ready = await api?.waitForLine({ msg: "ready" });
  return `http://127.0.0.1:${String(ready?.["port"])}/v1/${path}`;
}

async function failedBatches({ target }: Journey): Promise<number> {
  const { rowCount } = await target.query(`select from migration.batches where status = 'failed'`);
  return rowCount ?? 0;
}

/** A trigger that puts a whole row into its error. */
async function provoke({ targetUrl }: RunningStack): Promise<Readonly<Record<string, string>>> {
  await withPool({ url: targetUrl, max: 1, name: "nexus-test" }, (target) =>
    target.query(
      `create function tell_all() returns trigger language plpgsql as $$ begin
         execute format('select %I', 'CANARY-903 ' || new); return new; end $$;
       create trigger tells_all before insert on practice_members for each row execute function tell_all()`,
    ),
  );
  return {};
}
