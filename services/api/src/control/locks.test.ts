import { inTransaction } from "@nexus/shared/database";
import {
  lockBatches,
  recordChecks,
  recordContentEvent,
  recordExceptions,
} from "@nexus/shared/ledger";
import { freshLedger, seedRun } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { lockedRun } from "./locks.ts";

const exception = {
  legacyId: 1,
  outcome: "rejected",
  reason: "check_violated",
  column: null,
  missingEntity: null,
  missingId: null,
} as const;

it("does not keep a loader or a settling extractor waiting that has what it will lock next: nobody deadlocks", async (context) => {
  const { target } = await freshLedger(context);
  const runId = await seedRun(target, {
    status: "running",
    entities: {
      patients: { status: "loading", batches: [{ status: "queued" }, { status: "failed" }] },
    },
  });
  const batch = { id: 1, runId, entity: "patients" };
  await inTransaction(target, async (control) => {
    await lockedRun(control, runId);
    await lockBatches(control, runId, "patients", ["failed"]);
    const others = inTransaction(
      target,
      async (tx) => {
        await recordExceptions(tx, batch, [exception]);
        await recordContentEvent(tx, 2, { embeddings: true, dify: false }, "patient", [
          "11111111-1111-4111-8111-111111111111",
        ]);
        await recordChecks(tx, runId, "patients", [
          { name: "sum_closes", passed: true, expected: 1, actual: 1 },
        ]);
      },
      { statementMs: 2_000 },
    );
    await expect(others).resolves.toBeUndefined();
  });
});
