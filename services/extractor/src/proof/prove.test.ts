/** Who carries a proof out, and what becomes of one whose extractor is gone. */
import type { Pool } from "@nexus/shared/database";
import { claimProof, createProof, type HeldProof, stillHeld } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { booksByHand, loadByHand } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

let deps: Deps;
let target: Pool;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  await loadByHand(deps.legacy, target);
  await target.query("update public.profiles set email = 'x' where legacy_id in (1, 2)");
  const asked = { entities: null, range: null, sample: null, codes: null };
  await createProof(target, "verification", asked, { actor: "tester", reason: null });
});

async function standing(): Promise<unknown> {
  const { rows } = await target.query(
    `select status, error_code as code, (select count(*) from migration.proof_entities) as entities,
       (select count(*) from migration.proof_differences) as differences from migration.proofs`,
  );
  return rows[0];
}

/** As if its claim had run out: nobody renews it any more. */
async function forsake(): Promise<void> {
  await target.query("update migration.proofs set claimed_until = now() - interval '1 second'");
}

describe("a proof", () => {
  it("is carried out by one extractor: another passes it by while its claim lasts", async () => {
    let other: HeldProof | undefined;
    await prove(
      deps,
      booksByHand(async () => {
        other ??= await claimProof(target);
      }),
    );
    expect(other).toBeUndefined();
    expect(await standing()).toEqual({ status: "done", code: null, entities: 8, differences: 2 });
  });

  it("is taken over from one that is gone and begun anew; what the first one writes later is refused", async () => {
    let taken = false;
    await prove(
      deps,
      booksByHand(async (entity, time) => {
        if (taken || entity !== "profiles" || time !== 2) return;
        taken = true;
        await forsake();
        await prove(deps, booksByHand());
      }),
    );
    expect(taken).toBe(true);
    expect(await standing()).toEqual({ status: "done", code: null, entities: 8, differences: 2 });
  });

  it("stays open where a server is away, and is free at once", async () => {
    const away = Object.assign(new Error("away"), { code: "57P01" });
    const books = booksByHand(async (entity) => {
      if (entity === "cases") throw away;
    });
    await expect(prove(deps, books)).rejects.toBe(away);
    expect(await standing()).toMatchObject({ status: "open", entities: 0 });
    const next = await claimProof(target);
    expect(next?.claim).toBe(2);
    expect(await standing()).toEqual({ status: "open", code: null, entities: 0, differences: 0 });
    if (next !== undefined)
      await expect(stillHeld(target, { ...next, claim: 1 })).rejects.toMatchObject({
        code: "proof_over",
      });
  });

  it("ends with a code where it cannot be done, and keeps no candidates", async () => {
    const books = booksByHand(async (entity) => {
      if (entity === "cases") throw Object.assign(new Error("wrong"), { code: "42601" });
    });
    await prove(deps, books);
    expect(await standing()).toEqual({
      status: "failed",
      code: "42601",
      entities: 0,
      differences: 0,
    });
  });
});
