/** Runs that are verified without being asked. */
import type { Pool } from "@nexus/shared/database";
import { createProof, wantVerification } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { booksByHand, loadByHand } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

let deps: Deps;
let target: Pool;
let runId: number;

/** A completed run that is to be verified, and a difference. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  runId = await loadByHand(deps.legacy, target);
  await wantVerification(target, runId);
  await target.query("update public.profiles set email = 'x' where legacy_id = 1");
});

async function proofs(): Promise<unknown[]> {
  const { rows } = await target.query(
    `select p.run_id as run, p.status, (select count(*) from migration.proof_entities where proof_id = p.id) as entities,
       (select count(*) from migration.proof_differences where proof_id = p.id) as differences from migration.proofs p order by id`,
  );
  return rows;
}

describe("a run that is completed", () => {
  it("is verified once, what it loaded and no more, with a line in the audit log", async () => {
    await target.query(
      `insert into migration.run_entities (run_id, entity, position, status) values ($1, 'projects', 9, 'skipped')`,
      [runId],
    );
    await prove(deps, booksByHand());
    await prove(deps, booksByHand());
    expect(await proofs()).toEqual([{ run: runId, status: "done", entities: 4, differences: 1 }]);
    const audit = await target.query(
      "select actor, action, run_id as run, reason from migration.audit_log",
    );
    expect(audit.rows).toEqual([
      { actor: "extractor", action: "verify", run: runId, reason: "VERIFY=after_settle" },
    ]);
  });

  it("is not where it was not wanted, has not ended well, or a later one has begun", async () => {
    for (const spoiled of [
      "update migration.runs set verify = false",
      "update migration.runs set verify = true, status = 'cancelled'",
      "update migration.runs set status = 'completed'; insert into migration.runs (status, embeddings) values ('running', false)",
    ]) {
      await target.query(spoiled);
      await prove(deps, booksByHand());
      expect(await proofs(), spoiled).toEqual([]);
    }
  });

  it("waits for an adoption that is open, and for a proof that somebody else asked for", async () => {
    await target.query(
      "insert into migration.adoptions (kind, asked, actor) values ('plan', '{}', 'sam')",
    );
    await prove(deps, booksByHand());
    expect(await proofs()).toEqual([]);
    await target.query("update migration.adoptions set status = 'done'");
    const asked = { entities: ["practices"], range: null, sample: null, codes: null };
    await createProof(target, "forecast", asked, { actor: "tester", reason: null });
    await prove(deps, booksByHand());
    await prove(deps, booksByHand());
    expect(await proofs()).toEqual([
      { run: null, status: "done", entities: 1, differences: 0 },
      { run: runId, status: "done", entities: 4, differences: 1 },
    ]);
  });
});
