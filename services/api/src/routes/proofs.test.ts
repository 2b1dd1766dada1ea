import { claimProof, endProof, openBudget, recordNeeds, recordProved } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest, loadingRun } from "../api.fixture.ts";

let api: ApiUnderTest;

beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

/** Does what an extractor does: takes the proof, keeps an account of practices and an empty one of profiles, ends it. */
async function carryOut(counts: Readonly<Record<string, unknown>>): Promise<void> {
  const proof = await claimProof(api.target);
  if (proof === undefined) throw new Error("no proof is open");
  const account = { position: 0, status: "proved", rows: 7, counts, changedSince: 1 } as const;
  await recordProved(api.target, proof, {
    entity: "practices",
    ...account,
    vectors: { items: 6, pending: 2 },
    documents: { items: 6, pending: 1 },
  });
  await recordProved(api.target, proof, {
    entity: "profiles",
    position: 1,
    status: "without_twin",
    rows: 0,
    counts: {},
    changedSince: 0,
  });
  await api.target.query(
    `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads, changed_since)
     values ($1, 'practices', 3, 'phone', 'changed_cell', 1, false), ($1, 'practices', 3, 'phone', 'changed_cell', 2, false),
       ($1, 'practices', 2, '', 'missing_row', 2, true), ($1, 'practices', 4, '', 'stale_row', 2, false)`,
    [proof.id],
  );
  await endProof(api.target, proof, null);
}

describe("/v1/verifications", () => {
  it("keeps what is asked, and shows what was found: keys, columns and kinds", async () => {
    const range = { from: 1, to: 9 };
    const asked = { entities: ["practices", "profiles"], range, sample: 5, reason: "to see" };
    expect(await api.post("/v1/verifications", asked)).toMatchObject({ status: 201 });
    expect((await api.get("/v1/verifications/1")).body).toMatchObject({
      status: "open",
      entities: [],
    });
    await carryOut({ changed_cell: 1, stale_row: 1 });
    expect((await api.get("/v1/verifications/1")).body).toMatchObject({
      status: "done",
      range,
      sample: 5,
      differences: 2,
      pending: 2,
      entities: [
        {
          entity: "practices",
          status: "proved",
          rows: 7,
          differences: 2,
          changedSince: 1,
          vectors: { items: 6, pending: 2 },
          documents: { items: 6, pending: 1 },
        },
        {
          entity: "profiles",
          status: "without_twin",
          differences: 0,
          vectors: null,
          documents: null,
        },
      ],
    });
    const first = await api.get("/v1/verifications/1/differences?limit=2");
    const rest = await api.get(
      `/v1/verifications/1/differences?cursor=${String(first.body["next"])}`,
    );
    expect([first.body["items"], rest.body["items"]]).toEqual([
      [
        {
          entity: "practices",
          legacyId: 3,
          column: "phone",
          kind: "changed_cell",
          changedSince: false,
        },
        { entity: "practices", legacyId: 4, column: null, kind: "stale_row", changedSince: false },
      ],
      [{ entity: "practices", legacyId: 2, column: null, kind: "missing_row", changedSince: true }],
    ]);
    const stale = await api.get("/v1/verifications/1/differences?kind=stale_row&entity=practices");
    expect(stale.body["items"]).toHaveLength(1);
    const audit = await api.target.query("select action, actor, reason from migration.audit_log");
    expect(audit.rows).toEqual([
      { action: "verify", actor: "unverified:sam@clinic", reason: "to see" },
    ]);
  });

  it("is listed, the newest first, a page at a time, and no forecast among them", async () => {
    for (const [path, counts] of [
      ["/v1/verifications", { changed_cell: 2, stale_row: 1 }],
      ["/v1/forecasts", { outcomes: { loaded: 7 } }],
      ["/v1/verifications", {}],
    ] as const) {
      await api.post(path);
      await carryOut(counts);
    }
    const first = await api.get("/v1/verifications?limit=1");
    expect(first.body["items"]).toMatchObject([
      { id: 3, status: "done", differences: 0, pending: 2, notVerified: 1 },
    ]);
    const rest = await api.get(`/v1/verifications?cursor=${String(first.body["next"])}`);
    expect(rest.body).toMatchObject({ items: [{ id: 1, differences: 3 }], next: null });
  });

  it("is given up once, and does not count from then on", async () => {
    await api.post("/v1/verifications");
    const given = await api.post("/v1/verifications/1/cancel", { reason: "enough" });
    expect(given).toMatchObject({ status: 200, body: { id: 1, status: "cancelled" } });
    expect(await api.post("/v1/verifications/1/cancel")).toMatchObject({
      status: 409,
      body: { code: "proof_over", proofId: 1, status: 409 },
    });
    for (const path of ["/v1/forecasts/1/cancel", "/v1/verifications/7/cancel"])
      expect(await api.post(path)).toMatchObject({ status: 404, body: { code: "not_found" } });
    const { body } = await api.get("/v1/verifications/1");
    expect(body).toMatchObject({ status: "failed", errorCode: "cancelled", entities: [] });
    await api.post("/v1/forecasts");
    expect(await api.post("/v1/forecasts/2/cancel")).toMatchObject({ status: 200 });
    const listed = await api.get("/v1/forecasts");
    expect(listed.body).toMatchObject({ items: [{ id: 2, errorCode: "cancelled" }], next: null });
  });

  it("is refused while a run, an adoption or another proof is under way, and for what there is not", async () => {
    const unknown = await api.post("/v1/verifications", { entities: ["people"] });
    expect(unknown).toMatchObject({ status: 400, body: { code: "unknown_entity" } });
    const backwards = await api.post("/v1/verifications", { range: { from: 2, to: 1 } });
    expect(backwards).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    await api.post("/v1/forecasts");
    expect(await api.post("/v1/verifications")).toMatchObject({
      status: 409,
      body: {
        code: "proof_open",
        proofId: 1,
      },
    });
    expect(await api.get("/v1/verifications/1")).toMatchObject({ status: 404 });
    await carryOut({});
    await api.target.query(
      "insert into migration.adoptions (kind, asked, actor) values ('plan', '{}', 'sam')",
    );
    expect((await api.post("/v1/verifications")).body).toMatchObject({ code: "adoption_open" });
    await api.target.query("update migration.adoptions set status = 'done'");
    await loadingRun(api.target);
    expect((await api.post("/v1/verifications")).body).toMatchObject({ code: "run_active" });
  });

  it("keeps the lists of the newest five, and the counts of all", async () => {
    for (let n = 1; n <= 6; n++) {
      await api.post("/v1/verifications");
      await carryOut({ changed_cell: 1 });
    }
    const [first, second] = await Promise.all(
      [1, 2].map((id) => api.get(`/v1/verifications/${id}/differences`)),
    );
    expect(first?.body["items"]).toEqual([]);
    expect(second?.body["items"]).toHaveLength(3);
    expect((await api.get("/v1/verifications/1")).body).toMatchObject({ differences: 1 });
  });
});

describe("/v1/forecasts", () => {
  it("says what embedding costs, what connections a run takes, and how much disk", async () => {
    const unlimited = { requestsPerMinute: null, tokensPerMinute: null, capUsd: null };
    await openBudget(api.target, { model: "test", ...unlimited, usdPer1kTokens: 0.5 });
    await api.target.query(
      `insert into migration.content_events (content_type, target_ids) select 'case', array_agg(gen_random_uuid()) from generate_series(1, 3)`,
    );
    await api.post("/v1/forecasts");
    const proof = await claimProof(api.target);
    if (proof === undefined) throw new Error("no proof is open");
    const fates = { inserted: 5, updated: 2, unchanged: 100 };
    const account = { status: "proved", rows: 107, changedSince: 0 } as const;
    for (const [position, entity] of ["practices", "patients"].entries())
      await recordProved(api.target, proof, {
        ...account,
        entity,
        position,
        counts: { outcomes: { loaded: 107 }, fates, bytes: 4_000 },
      });
    const room = { needed: 5, left: 90, limit: 97, of: "the server (max_connections)" };
    const needs = { source: room, target: { ...room, left: null, limit: null } };
    await recordNeeds(api.target, proof, needs);
    await endProof(api.target, proof, null);
    // Open are 3; patients are content, practices are none.
    expect((await api.get("/v1/forecasts/1")).body).toMatchObject({
      embedding: { items: 10, calls: 10, tokens: 400, costUsd: 0.2 },
      connections: needs,
      disk: { rowBytes: 8_000, vectorBytes: 10 * 10_799 + 10 * 4_500 },
    });
    // A run that has counted nothing yet makes nothing of it unknown.
    await api.post("/v1/runs", { embeddings: true });
    expect((await api.get("/v1/forecasts/1")).body).toMatchObject({
      embedding: { items: 10, uncounted: [] },
    });
  });

  it("shows what a run would do, by outcome, reason, note and fate", async () => {
    await api.post("/v1/forecasts", { entities: ["practices"] });
    await carryOut({
      outcomes: { loaded: 6, rejected: 1 },
      fates: { inserted: 5, unchanged: 1 },
      reasons: { unreadable: 1 },
      notes: { "name_missing:name": 2 },
      strangers: 3,
    });
    expect((await api.get("/v1/forecasts/1")).body["entities"]).toEqual([
      {
        entity: "practices",
        status: "proved",
        rows: 7,
        loaded: 6,
        rejected: 1,
        parked: 0,
        inserted: 5,
        updated: 0,
        unchanged: 1,
        reasons: { unreadable: 1 },
        notes: { "name_missing:name": 2 },
        strangers: 3,
      },
      {
        entity: "profiles",
        status: "without_twin",
        rows: 0,
        loaded: 0,
        rejected: 0,
        parked: 0,
        inserted: 0,
        updated: 0,
        unchanged: 0,
        reasons: {},
        notes: {},
        strangers: 0,
      },
    ]);
  });
});
