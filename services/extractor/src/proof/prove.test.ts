/** Who carries a proof out, and what becomes of one whose extractor is gone. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import { eventually } from "@nexus/shared/testing";
import {
  cancelProof,
  claimProof,
  createProof,
  type HeldProof,
  stillHeld,
} from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { booksByHand, loadByHand } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

const ASKED = { entities: null, range: null, sample: null, codes: null };

let deps: Deps;
let target: Pool;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  await loadByHand(deps.legacy, target);
  await target.query("update public.profiles set email = 'x' where legacy_id in (1, 2)");
  await createProof(target, "verification", ASKED, { actor: "tester", reason: null });
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

async function cancel(): Promise<void> {
  await inTransaction(target, (tx) => cancelProof(tx, "verification", 1));
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

  it.each([
    ["between two ranges", "cases", 1],
    ["when a part of it is known already", "profiles", 2],
  ])("is given up %s: nothing of it stays, and nothing more is written", async (_, at, nth) => {
    await prove(
      deps,
      booksByHand(async (entity, time) => {
        if (entity === at && time === nth) await cancel();
      }),
    );
    const cancelled = { status: "failed", code: "cancelled", entities: 0, differences: 0 };
    expect(await standing()).toEqual(cancelled);
    await prove(deps, booksByHand());
    expect(await standing()).toEqual(cancelled);
  });

  it("is given up while the source is waited for, and leaves no session behind", async (context) => {
    const holder = await deps.legacy.connect();
    context.onTestFinished(() => holder.release(true));
    await holder.query("begin; lock table auth_user in access exclusive mode");
    const sessions = async (): Promise<number> => {
      const { rows } = await holder.query<{ waiting: number }>(
        `select count(*)::integer as waiting from pg_locks where not granted and relation = 'auth_user'::regclass`,
      );
      return rows[0]?.waiting ?? 0;
    };
    const patient = { ...deps, settings: { ...deps.settings, legacyStatementMs: 60_000 } };
    const proving = prove(patient, booksByHand());
    await eventually(sessions, { until: (waiting) => waiting > 0, within: 10_000 });
    await cancel();
    await proving;
    expect(await sessions()).toBe(0);
    expect(await standing()).toMatchObject({ code: "cancelled", entities: 0, differences: 0 });
  });

  it("is given up where its extractor is gone, and another may be asked for", async () => {
    expect(await inTransaction(target, claimProof)).toBeDefined();
    await cancel();
    await createProof(target, "forecast", ASKED, { actor: "tester", reason: null });
    expect(await inTransaction(target, claimProof)).toMatchObject({ kind: "forecast" });
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
