import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest, known, loadingRun } from "../api.fixture.ts";

let api: ApiUnderTest;

beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("/v1/entities/:entity", () => {
  it("starts a run of one entity, unless a run is active", async () => {
    expect(await api.post("/v1/entities/patients/start")).toMatchObject({
      status: 201,
      body: { runId: 1, entities: ["patients"] },
    });
    expect(await api.post("/v1/entities/profiles/start")).toMatchObject({
      status: 409,
      body: { code: "run_active", runId: 1 },
    });
  });

  it("requeues in the active run", async () => {
    const runId = await loadingRun(api.target);
    const answer = await api.post("/v1/entities/patients/requeue", { scope: "rejected" });
    expect(answer).toMatchObject({ status: 200, body: { kind: "requeued", runId, batches: 1 } });
    expect(await api.post("/v1/entities/practices/requeue", { scope: "all" })).toMatchObject({
      status: 409,
      body: { code: "not_in_run" },
    });
  });

  it("creates a repair run when none is active, and nothing when there is nothing to requeue", async () => {
    await seedRun(api.target, {
      status: "completed",
      entities: { patients: { status: "complete", batches: [{ status: "done", parked: [3] }] } },
    });
    expect(await api.post("/v1/entities/patients/requeue", { scope: "failed" })).toMatchObject({
      status: 200,
      body: { kind: "nothing_to_requeue", runId: null, batches: 0 },
    });
    expect(await api.post("/v1/entities/patients/requeue", { scope: "parked" })).toMatchObject({
      status: 200,
      body: { kind: "repair_started", runId: 2, batches: 1 },
    });
  });

  it("requeues only the exceptions of one reason, in a run and without one", async () => {
    const entities = {
      patients: {
        status: "complete",
        batches: [
          { status: "done", rejected: [3] },
          { status: "done", rejected: [14] },
        ],
      },
    } as const;
    const requeue = async (because: string, scope = "rejected") =>
      await api.post("/v1/entities/patients/requeue", { scope, because });
    await seedRun(api.target, { status: "running", entities });
    await api.target.query(
      "update migration.exceptions set reason = 'check_violated' where legacy_id = 14",
    );
    expect((await requeue("unheard_of")).body).toMatchObject({ kind: "nothing_to_requeue" });
    expect((await requeue("check_violated")).body).toMatchObject({ kind: "requeued", batches: 1 });
    expect(await requeue("check_violated", "failed")).toMatchObject({ status: 400 });
    await api.post("/v1/runs/1/cancel");
    expect((await requeue("unheard_of")).body).toMatchObject({ kind: "nothing_to_requeue" });
    expect((await requeue("required_missing")).body).toMatchObject({
      kind: "repair_started",
      batches: 1,
    });
    const { rows } = await api.target.query("select keys from migration.batches where run_id = 2");
    expect(rows).toEqual([{ keys: [3] }]);
  });

  it.each(["2147483648", "9007199254740993", "-5"])(
    "lists and requeues a row whose key is %s",
    async (key) => {
      await seedRun(api.target, {
        status: "completed",
        entities: {
          patients: { status: "complete", batches: [{ status: "done", rejected: [3, 4] }] },
        },
      });
      await api.target.query("update migration.exceptions set legacy_id = $1 where legacy_id = 3", [
        key,
      ]);
      const of = Number.isSafeInteger(Number(key)) ? Number(key) : key;
      const [first, second] = key.startsWith("-") ? [of, 4] : [4, of];
      const url = "/v1/entities/patients/exceptions?limit=1";
      const { body } = await api.get(url);
      expect(body).toMatchObject({ items: [{ legacyId: first }] });
      expect((await api.get(`${url}&cursor=${String(body["next"])}`)).body).toMatchObject({
        items: [{ legacyId: second }],
      });
      expect(await api.post("/v1/entities/patients/requeue", { scope: "rejected" })).toMatchObject({
        status: 200,
        body: { kind: "repair_started" },
      });
      const { rows } = await api.target.query(
        `select from migration.batches
         where run_id = 2 and ($1::bigint = any(keys) or (after_key < $1::bigint and to_key >= $1::bigint))`,
        [key],
      );
      expect(rows).toHaveLength(1);
    },
  );

  it.each([
    "/v1/lineage/patients/2147483648",
    "/v1/lineage/patients/-2147483649",
    "/v1/lineage/patients/1.5",
    "/v1/lineage/patients/1e3",
    `/v1/lineage/patients/${"9".repeat(40)}`,
    "/v1/runs/2147483648",
    "/v1/runs/-1",
    "/v1/runs/1.5",
    "/v1/runs/9223372036854775808/throughput",
    "/v1/report?run=2147483648",
    "/v1/report?run=-1",
    "/v1/runs?limit=-1",
    "/v1/runs?limit=1e9",
    ...["9223372036854775808", "1.5", "", "9".repeat(19)].map(
      (cursor) => `/v1/audit?cursor=${Buffer.from(cursor).toString("base64url")}`,
    ),
  ])("answers 400 in words to %s", async (url) => {
    expect(await api.get(url)).toMatchObject({
      status: 400,
      body: { code: "invalid_request", fields: [{ problem: expect.stringMatching(/^must be /) }] },
    });
  });

  it("waives what is blocked, for a reason only", async () => {
    await seedRun(api.target, { status: "running", entities: { patients: { status: "blocked" } } });
    expect(await api.post("/v1/entities/patients/waive")).toMatchObject({ status: 400 });
    expect(await api.post("/v1/entities/patients/waive", { reason: " " })).toMatchObject({
      body: { fields: [{ field: "reason" }] },
    });
    expect(await api.post("/v1/entities/patients/waive", { reason: "known gap" })).toMatchObject({
      status: 200,
    });
    expect(await api.post("/v1/entities/profiles/waive", { reason: "why not" })).toMatchObject({
      body: { code: "not_in_run" },
    });
  });

  it("refuses to waive what is not blocked, and without a run", async () => {
    expect(await api.post("/v1/entities/patients/waive", { reason: "x" })).toMatchObject({
      status: 409,
      body: { code: "no_active_run" },
    });
    await loadingRun(api.target);
    expect(await api.post("/v1/entities/patients/waive", { reason: "x" })).toMatchObject({
      status: 409,
      body: { code: "not_blocked" },
    });
  });

  it.each(["start", "requeue", "waive"])("%s does not know every name", async (verb) => {
    expect(await api.post(`/v1/entities/pets/${verb}`, bodies[verb])).toMatchObject({
      status: 404,
      body: { code: "unknown_entity", known },
    });
  });
});

describe("GET /v1/entities/:entity/exceptions", () => {
  it("lists keys and codes page by page, and counts them by reason", async () => {
    await seedRun(api.target, {
      status: "completed",
      entities: {
        patients: {
          status: "complete",
          batches: [{ status: "done", rejected: [2, 4], parked: [3] }],
        },
      },
    });
    const first = await api.get("/v1/entities/patients/exceptions?limit=2");
    expect(first.body).toMatchObject({
      items: [
        { legacyId: 2, outcome: "rejected", reason: "required_missing", column: "name" },
        { legacyId: 3, outcome: "parked", missingEntity: "practices", missingId: 1003 },
      ],
      next: expect.any(String),
    });
    const second = await api.get(
      `/v1/entities/patients/exceptions?limit=2&cursor=${String(first.body["next"])}`,
    );
    expect(second.body).toMatchObject({ items: [{ legacyId: 4 }], next: null });
    const parked = await api.get(
      "/v1/entities/patients/exceptions?outcome=parked&reason=parent_missing",
    );
    expect(parked.body).toMatchObject({ items: [{ legacyId: 3 }] });
    const reasons = [
      { entity: "patients", outcome: "rejected", reason: "required_missing", count: 2 },
      { entity: "patients", outcome: "parked", reason: "parent_missing", count: 1 },
    ];
    expect((await api.get("/v1/exceptions/reasons")).body).toMatchObject({ reasons });
    expect((await api.get("/v1/exceptions/reasons?entity=patients")).body).toMatchObject({
      reasons,
    });
    expect((await api.get("/v1/exceptions/reasons?entity=profiles")).body).toEqual({ reasons: [] });
  });

  it("refuses what it does not understand", async () => {
    expect(await api.get("/v1/entities/pets/exceptions")).toMatchObject({ status: 404 });
    expect(
      await api.get("/v1/entities/patients/exceptions?limit=0&outcome=lost&page=2"),
    ).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
  });
});

const bodies: Record<string, object> = { requeue: { scope: "all" }, waive: { reason: "x" } };
