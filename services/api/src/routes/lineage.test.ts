import type { Pool } from "@nexus/shared/database";
import { freshTarget, needsVectors, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { apiOn, type ApiUnderTest } from "../api.fixture.ts";

let api: ApiUnderTest;
let target: Pool;

/** Patients 1 to 10 were read: 4 was rejected, 5 parked, 3 noted; 11 to 20 are on offer. */
beforeEach(async (context) => {
  target = await freshTarget(context);
  api = apiOn(target, "postgres://nobody@nowhere.test/x");
  await seedRun(target, {
    status: "running",
    entities: {
      patients: {
        status: "loading",
        batches: [{ status: "done", rejected: [4], parked: [5] }, { status: "queued" }],
      },
    },
  });
  await target.query(
    `insert into migration.notes values (1, 'email_malformed', 'email', '{3, 8}');
     insert into public.patients (legacy_id, first_name) values (3, 'canary'), (8, 'canary')`,
  );
});

describe("GET /v1/lineage/:entity/:legacyId", () => {
  it("leads from the source key to the target row and its content, without a value", async () => {
    const { status, body } = await api.get("/v1/lineage/patients/3");
    const { rows } = await target.query("select id from public.patients where legacy_id = 3");
    expect([status, body]).toMatchObject([
      200,
      {
        source: { table: expect.any(String), key: "id" },
        outcome: "loaded",
        exception: null,
        batches: [
          {
            id: 1,
            runId: 1,
            seq: 1,
            status: "done",
            notes: [{ code: "email_malformed", column: "email" }],
          },
        ],
        target: { table: "patients", id: rows[0]?.id },
        content: { state: "waiting", code: null },
        embeddings: [],
      },
    ]);
    expect(JSON.stringify(body)).not.toContain("canary");
  });

  it("takes every key that the target can hold, negative ones too", async () => {
    await target.query("insert into public.patients (legacy_id) values (-5), (-2147483648)");
    for (const key of [-5, -2_147_483_648])
      expect(await api.get(`/v1/lineage/patients/${key}`)).toMatchObject({
        status: 200,
        body: { legacyId: key, outcome: "loaded" },
      });
    for (const key of ["-2147483649", "2147483648", "--5", "-"])
      expect(await api.get(`/v1/lineage/patients/${key}`), key).toMatchObject({
        status: 400,
        body: { code: "invalid_request" },
      });
  });

  it("says what became of its content, until the row is written again", async (context) => {
    needsVectors(context);
    await target.query(
      `insert into migration.embedding_items (content_type, content_id, version, chunks)
         select 'patient', id, xmin, case legacy_id when 3 then 1 else 0 end from public.patients;
       insert into public.ai_embeddings (content_type, content_id, embedding, sha256_hash, model)
         select 'patient', id, array_fill(1, '{1024}')::vector, '', 'm' from public.patients where legacy_id = 3`,
    );
    expect((await api.get("/v1/lineage/patients/3")).body).toMatchObject({
      content: { type: "patient", state: "embedded" },
      embeddings: [{ chunk: 0, model: "m" }],
    });
    expect((await api.get("/v1/lineage/patients/8")).body).toMatchObject({
      content: { state: "empty" },
    });
    await target.query("update public.patients set first_name = 'another'");
    expect((await api.get("/v1/lineage/patients/8")).body).toMatchObject({
      content: { state: "waiting" },
    });
  });

  it("names the reason of a row that is not in the target", async () => {
    expect((await api.get("/v1/lineage/patients/4")).body).toMatchObject({
      outcome: "rejected",
      exception: { reason: "required_missing", column: "name" },
      target: null,
      content: null,
    });
    expect((await api.get("/v1/lineage/patients/5")).body).toMatchObject({
      outcome: "parked",
      exception: { missingEntity: "practices", missingId: 1005 },
    });
    expect((await api.get("/v1/lineage/patients/11")).body).toMatchObject({
      outcome: "open",
      batches: [{ id: 2, status: "queued" }],
    });
  });

  it("says which batch ended its loaders, and how large it and its largest row are", async () => {
    await target.query(
      `update migration.batches set status = 'failed', error_code = 'attempts_exhausted', read_bytes = 786432000, largest_row_bytes = 52428800
       where id = 2`,
    );
    const says =
      "batch 2 (keys above 10, up to 20; 10 rows, 750 MiB, its largest row 50 MiB) ended its loaders";
    expect((await api.get("/v1/lineage/patients/11")).body).toMatchObject({
      batches: [{ id: 2, errorSays: expect.stringContaining(says) }],
    });
    await target.query("update migration.run_entities set batches_failed = 1");
    expect((await api.get("/v1/runs/1")).body).toMatchObject({
      entities: [{ why: expect.stringContaining(says) }],
    });
  });

  it("finds nothing where no run has looked", async () => {
    expect(await api.get("/v1/lineage/patients/4711")).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect(await api.get("/v1/lineage/pets/1")).toMatchObject({
      status: 404,
      body: { code: "unknown_entity" },
    });
    expect(await api.get("/v1/lineage/patients/9999999999")).toMatchObject({ status: 400 });
  });
});
