/** What a cut-over makes of its verification. */
import { inTransaction } from "@nexus/shared/database";
import { cancelProof, createProof } from "@nexus/shared/ledger";
import { expect, it } from "vitest";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { verificationStep } from "./verification.ts";
import { walkOfPractices } from "./walk.fixture.ts";

it("that somebody gave up is not met, whatever it had not found by then", async (context) => {
  const deps = await extractorUnderTest(context);
  const asked = { entities: null, range: null, sample: null, codes: null };
  const by = { actor: "sam", reason: null };
  const proof = await inTransaction(deps.target, async (tx) => {
    const id = await createProof(tx, "verification", asked, by);
    await cancelProof(tx, "verification", id);
    return id;
  });
  const walk = walkOfPractices(deps, "verification", JSON.stringify({ proof }));
  expect(await verificationStep(walk)).toMatchObject({
    status: "not_met",
    code: "verification_failed",
    facts: { proof, proofCode: "cancelled" },
  });
});
