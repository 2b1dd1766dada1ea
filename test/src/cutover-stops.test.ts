/** Every step of a cut-over that is not met stops it, with a code, a reason and what to do; nothing is handed over. */
import { type Client, openClient } from "@nexus/contract";
import { eventually, mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { askCutover, cutOver, ended, stopped, untilStep, writing } from "./cut-over.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";

describe.each(mostReal(stacks([embedded])))("a cut-over that stops, on $name", (stack) => {
  let journey: Journey;
  let api: Client;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.02 } });
    await journey.completed(await journey.begin());
  });
  afterAll(() => journey?.close());
  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack, { EMBEDDINGS: "off" });
    api = openClient({ url });
  });
  afterEach(async () => {
    const over = await journey.target.query(
      "select from migration.cutovers where kind = 'go' and status = 'done'",
    );
    expect(over.rowCount).toBe(0);
  });

  /** Each failed step says what it found and what to do. */
  const stop = (step: string, code: string, says: RegExp, toDo: RegExp) => ({
    status: "failed",
    errorCode: code,
    step,
    code,
    says: expect.stringMatching(says),
    toDo: expect.stringMatching(toDo),
  });

  it("where nobody has decided about a rejected row", async () => {
    const found = stopped(await cutOver(api, { acceptExceptions: undefined }));
    expect(found).toEqual(
      stop("exceptions", "exceptions_open", /rejected|parked/, /--accept-exceptions/),
    );
  });

  it("where there is no backup", async () => {
    const found = stopped(await cutOver(api, { withoutBackup: false }));
    expect(found).toEqual(stop("backup", "no_backup", /practices/, /BACKUP=pg_dump/));
  });

  it("where a run is open", async () => {
    const runId = await journey.begin({ only: ["practices"] });
    await journey.target.query("update migration.runs set status = 'paused' where id = $1", [
      runId,
    ]);
    const found = stopped(await cutOver(api));
    expect(found).toEqual(stop("alone", "run_active", new RegExp(`run ${runId} `), /cancel it/));
    await api.call("POST /v1/runs/:id/cancel", { params: { id: String(runId) }, body: {} });
  });

  it("where somebody writes in the source", async () => {
    const work = writing(journey.legacy);
    try {
      const found = stopped(await cutOver(api, { quietSeconds: 3 }));
      expect(found).toEqual(stop("source", "source_writes", /auth_user/, /stop the applications/));
    } finally {
      await work.stop();
    }
  });

  it("where a transaction that has written in the source is still open", async (context) => {
    if (stack.name !== "servers") context.skip("an embedded database has one session");
    const client = await journey.legacy.connect();
    await client.query("begin; update auth_user set last_name = last_name where id = 1");
    const found = stopped(await cutOver(api));
    await client.query("rollback");
    client.release();
    expect(found).toEqual(stop("source", "source_open_transactions", /1 transactions/, /end them/));
  });

  it("where the last delta is not empty, and no run starts meanwhile", async () => {
    await askCutover(api);
    await untilStep(api, "source", "met");
    const work = writing(journey.legacy);
    try {
      await expect(api.call("POST /v1/runs", { body: {} })).rejects.toMatchObject({
        status: 409,
        code: expect.stringMatching(/run_active|cutover_open/),
      });
      const found = stopped(await ended(api));
      expect(found).toEqual(stop("delta", "delta_not_empty", /still found \d+ rows/, /who writes/));
    } finally {
      await work.stop();
    }
  });

  it("where the verification finds a difference", async () => {
    const { target } = journey;
    await askCutover(api);
    // Somebody else's proof holds ours up, until a cell is changed behind the delta.
    await untilStep(api, "source", "open");
    const held = await target.query<{ id: number }>(
      `insert into migration.proofs (kind, asked, actor, claimed_until) values ('forecast', '{}', 'test', now() + interval '1 hour') returning id`,
    );
    await untilStep(api, "verification", "open");
    await target.query(
      "update public.practices set name = 'Changed' where legacy_id = (select min(legacy_id) from public.practices)",
    );
    await target.query("delete from migration.proofs where id = $1", [held.rows[0]?.id]);
    const found = stopped(await ended(api));
    expect(found).toEqual(
      stop(
        "verification",
        "verification_differs",
        /found 1 differences .*changed_cell 1/,
        /nexus verify --list/,
      ),
    );
    await journey.completed(await journey.begin({ only: ["practices"] }));
  });

  it("where the source was written after the delta", async () => {
    await askCutover(api);
    await untilStep(api, "verification", "open");
    await journey.legacy.query("create table written (id integer); insert into written values (1)");
    const found = stopped(await ended(api));
    expect(found).toEqual(stop("hand_over", "source_writes", /written/, /stop the applications/));
    await journey.legacy.query("drop table written");
  });

  it("where a worker has committed after everything was read, and its counters do not tell", async (context) => {
    if (stack.name !== "servers") context.skip("an embedded database has one session");
    await askCutover(api, { quietSeconds: 2 });
    await untilStep(api, "source", "met");
    await journey.legacy.query("select txid_current()");
    await untilStep(api, "hand_over", "open");
    const worker = await journey.legacy.connect();
    await worker.query("select count(*) from dispatch_project");
    await worker.query("update dispatch_project set name = name");
    const found = stopped(await ended(api));
    worker.release();
    expect(found).toEqual(
      stop("hand_over", "source_writes", /\(dispatch_project\)/, /stop the applications/),
    );
  });

  it("where embeddings are yet to be made", async () => {
    await journey.legacy.query(
      "update dispatch_project set name = 'Another name' where id = (select min(id) from dispatch_project)",
    );
    await journey.completed(await journey.begin({ embeddings: true }));
    const open = await eventually(() => api.call("GET /v1/embeddings", {}), {
      until: ({ items }) => items.open > 0,
    });
    const found = stopped(await cutOver(api));
    expect(found).toEqual(
      stop("embeddings", "embeddings_open", new RegExp(`${open.items.open} content rows`), /wait/),
    );
    await journey.target.query("update migration.content_events set done_at = now()");
  });

  it("where it is given up, and another one may be asked for", async () => {
    const id = await askCutover(api, { quietSeconds: 60 });
    await expect(askCutover(api)).rejects.toMatchObject({
      code: "cutover_open",
      facts: { cutoverId: id },
    });
    const body = { reason: "to see" };
    expect(await api.call("POST /v1/cutover/cancel", { body })).toEqual({
      id,
      status: "cancelled",
    });
    await expect(api.call("POST /v1/cutover/withdraw", { body })).rejects.toMatchObject({
      code: "not_cut_over",
    });
  });

  it("where one that waits for a quiet source is given up: the next one is begun at once", async () => {
    await askCutover(api, { kind: "plan", quietSeconds: 3_600 });
    await untilStep(api, "source", "open");
    await api.call("POST /v1/cutover/cancel", { body: { reason: "to see" } });
    expect(await cutOver(api, { kind: "plan" })).toMatchObject({ status: "done" });
  });
});
