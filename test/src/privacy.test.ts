/** No value of any row is found anywhere but in the target's tables: not in logs, queue, ledger or answers, whatever goes wrong. */
import { entities } from "@nexus/catalog";
import {
  eventually,
  remark,
  type RunningStack,
  type ServiceProcess,
  stacks,
} from "@nexus/shared/testing";
import { withPool } from "@nexus/shared/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canariesIn, contentsOf } from "./canaries.ts";
import { type Echoes, startEchoes } from "./echoes.ts";
import { type Journey, openJourney } from "./journey.ts";
import { expectSumsToClose, keys } from "./outcomes.ts";

/** Rows that are marked in each column of the source, and how many markers that makes at least. */
const [SCALE, MARKED, MARKERS] =
  process.env["HOSTILE_REQUESTS"] === undefined ? [0.02, 20, 500] : [0.2, 400, 5_000];

/** Texts that Bedrock and Dify get before it counts, and markers in them. */
const [TEXTS, IN_TEXTS] = [20, 5];

const TALKATIVE = {
  LOG_LEVEL: "trace",
  LEGACY_STATEMENT_MS: "1000",
  BATCH_ROWS: "60",
  API_PORT: "0",
};

/** In the id of a batch's job. The name of its queue is there as soon as anybody opens it. */
const JOB = ".practices.";

describe.each(stacks())("markers in every text of the source, on $name", (stack) => {
  let journey: Journey;
  let api: ServiceProcess;
  let echoes: Echoes | undefined;
  let runId: number;
  const seenInQueue: string[] = [];

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: SCALE, dirt: "dangling", markers: "canaries", marked: MARKED },
      env: TALKATIVE,
      loaders: 0,
      prepare: provoke,
    });
    api = await journey.start("api");
    runId = await journey.begin({ embeddings: true, dify: true, lossPercent: 100 }); // Each ninth practice is refused.
    const waiting = { until: (dump: string) => dump.includes(JOB) };
    seenInQueue.push(await eventually(() => queueOf(journey.stack), waiting));
    await loadWhileTheSourceIsLocked(journey);
    await eventually(() => count(journey, "status = 'failed'"), {
      until: (failed) => failed > 0,
      within: 120_000,
    });
    seenInQueue.push(await queueOf(journey.stack));
    await journey.target.query(`drop trigger tells_all on practice_members`);
    const requeued = await ask("entities/practice_members/requeue", { scope: "failed" });
    expect(requeued).toContain('"requeued"');
    expectSumsToClose(await journey.completed(runId));
    echoes = await embedAmongEchoes(journey);
    seenInQueue.push(await queueOf(journey.stack));
  });
  afterAll(async () => {
    await journey?.close();
    await echoes?.close();
  });

  it("are in the target: the search finds what is there", async () => {
    const found = canariesIn(await contentsOf(journey.target, "public"));
    for (const table of [
      "dispatch_office",
      "auth_user",
      "dispatch_project",
      "dispatch_instruction",
    ])
      expect(
        found.filter((marker) => marker.startsWith(`canary-${table}`)).length,
        table,
      ).toBeGreaterThan(0);
    expect(found.length).toBeGreaterThan(100);
    const marked = canariesIn(await contentsOf(journey.legacy, "public")).length;
    expect(marked).toBeGreaterThan(MARKERS);
    remark(
      "measured",
      `${marked} markers in the source, ${found.length} of them in the target: searched for everywhere else`,
    );
  });

  it("were in everything that went wrong", async () => {
    const { rows } = await journey.target.query<{ reason: string }>(
      `select distinct reason from migration.exceptions where outcome = 'rejected' order by 1`,
    );
    expect(rows.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([
        "check_violated",
        "duplicate_key",
        "refused_P0001",
        "unreadable",
        "value_too_long",
      ]),
    );
    const codes = journey.services.flatMap((service) => service.logs().map((line) => line["code"]));
    expect(codes, "a timeout of the source, and a trigger that is broken").toEqual(
      expect.arrayContaining(["55P03", "42703"]),
    );
  });

  it("came back from Bedrock and Dify, in what they refused", (context) => {
    const heard = echoes?.heard() ?? context.skip("there is no pgvector");
    for (const { from, texts } of heard) expect(markersIn(texts), from).toBeGreaterThan(IN_TEXTS);
  });

  it("are in no line that a service wrote", () => {
    const output = journey.services.map((service) => service.output()).join("\n");
    expect(output).toContain('"level":"debug"');
    expect(canariesIn(output)).toEqual([]);
  });

  it("are in no key or value of the queue, before, during and after", () => {
    expect(seenInQueue[0]).toContain(JOB);
    expect(canariesIn(seenInQueue.join("\n"))).toEqual([]);
  });

  it("are nowhere in the ledger", async () => {
    const ledger = await contentsOf(journey.target, "migration");
    expect(ledger).toContain("check_violated");
    expect(canariesIn(ledger)).toEqual([]);
  });

  it("are in no answer of the API", async () => {
    const paths = [
      "progress",
      `runs/${runId}`,
      "runs/999",
      ...["json", "md", "html"].map((format) => `report?format=${format}`),
      ...entities.map(({ name }) => `entities/${name}/exceptions?limit=1000`),
    ];
    const evidence = ask("evidence", { list: true });
    const answers = await Promise.all([ask("audit"), evidence, ...paths.map((path) => ask(path))]);
    expect(await evidence).toContain("NOT SIGNED OFF");
    expect(answers.join("\n")).toContain("check_violated");
    expect(canariesIn(answers.join("\n"))).toEqual([]);
  });

  it("are not in the log of the target's server either", (context) => {
    const log = journey.stack.database?.log?.() ?? context.skip("the server is not ours");
    expect(log).toContain('violates check constraint "no_marker"');
    const bySomebodyElse = ["canary-903", "canary-905", "canary-909"]; // What a trigger of the target says itself is beyond us.
    expect(canariesIn(log)).toEqual(bySomebodyElse);
  });

  async function ask(path: string, body?: object): Promise<string> {
    const ready = await api.waitForLine({ msg: "ready" });
    const url = new URL(path, `http://127.0.0.1:${String(ready["port"])}/v1/`);
    const answer = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return await answer.text();
  }
});

/** An embedder whose Bedrock and Dify answer every text with an error that quotes it. */
async function embedAmongEchoes(journey: Journey): Promise<Echoes | undefined> {
  const [vectors] = await keys(
    journey.target,
    "select (to_regclass('public.ai_embeddings') is not null)::integer as count",
  );
  if (vectors !== 1) return undefined;
  const echoes = await startEchoes();
  const embedder = await journey.start("embedder", echoes.env);
  const heard = (): number[] =>
    echoes.heard().map(({ texts }) => (texts.length > TEXTS ? markersIn(texts) : 0));
  await eventually(heard, { until: (markers) => markers.every((count) => count > IN_TEXTS) });
  await eventually(
    () => keys(journey.target, "select count(*) from migration.embedding_failures"),
    {
      until: ([failures = 0]) => failures > 0,
    },
  );
  await embedder.kill("SIGTERM");
  return echoes;
}

function markersIn(texts: readonly string[]): number {
  return canariesIn(texts.join("\n")).length;
}

async function count({ target }: Journey, condition: string): Promise<number> {
  const [batches = 0] = await keys(
    target,
    `select count(*) from migration.batches where ${condition}`,
  );
  return batches;
}

/** Everything in the queue; nothing where it is not ours to look into. */
async function queueOf({ queue, queueUrl }: RunningStack): Promise<string> {
  return (await queue?.dump?.(queueUrl)) ?? JOB;
}

/** Rows that the target refuses, rows that cannot be read, and a trigger that puts a whole row into its error. */
async function provoke({
  legacyUrl,
  targetUrl,
}: RunningStack): Promise<Readonly<Record<string, string>>> {
  await withPool({ url: legacyUrl, max: 1, name: "nexus-test" }, (legacy) =>
    legacy.query(
      `alter table dispatch_project alter column size type text;
       update dispatch_project set size = 'CANARY-901' where id in (select id from dispatch_project order by id limit 2);
       update dispatch_project set name = 'CANARY-902' where id in (select id from dispatch_project order by id desc limit 12)`,
    ),
  );
  await withPool({ url: targetUrl, max: 1, name: "nexus-test" }, (target) =>
    target.query(
      `alter table profiles add constraint no_marker check (first_name !~* 'canary-auth_user-first_name-[123]$');
       alter table workflow_templates add constraint short check (length(name) < 5);
       create unique index on cases (title) where title = 'CANARY-902';
       create function tell_all() returns trigger language plpgsql as $$ begin
         if tg_table_name = 'practice_members' then execute format('select %I', 'CANARY-903 ' || new); end if;
         if new.legacy_id % 9 = 0 then raise exception 'CANARY-905'
           using errcode = '22001', detail = 'CANARY-906 ' || new, column = 'CANARY-907', constraint = 'CANARY-908'; end if;
         if new.legacy_id % 9 = 2 then raise exception 'CANARY-909' using detail = 'CANARY-910 ' || new, hint = 'CANARY-911'; end if;
         return new; end $$;
       create trigger tells_all before insert on practice_members for each row execute function tell_all();
       create trigger tells_all before insert on practices for each row execute function tell_all()`,
    ),
  );
  return {};
}

/** Holds the first table of the source until a loader has given up on it once. */
async function loadWhileTheSourceIsLocked(journey: Journey): Promise<void> {
  const holder = await journey.legacy.connect();
  try {
    await holder.query(`begin; lock table dispatch_office in access exclusive mode`);
    const loaders = await Promise.all([journey.start("loader"), journey.start("loader")]);
    await Promise.any(loaders.map((loader) => loader.waitForLine({ code: "55P03" }, 60_000)));
  } finally {
    await holder.query("rollback");
    holder.release();
  }
}
