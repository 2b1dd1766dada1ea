import type { Pool } from "@nexus/shared/database";
import { createProof, type ProofAsked } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { booksByHand, loadByHand, ROWS } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

const ALL: ProofAsked = { entities: null, range: null, sample: null, codes: "{}" };

let deps: Deps;
let target: Pool;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  await loadByHand(deps.legacy, target);
});

/** What is forecast, by entity. */
async function forecast(entities: readonly string[] | null): Promise<ReadonlyMap<string, unknown>> {
  const by = { actor: "tester", reason: null };
  await createProof(target, "forecast", { ...ALL, entities }, by);
  await prove(deps, booksByHand());
  const { rows } = await target.query<{ entity: string; status: string; counts: string }>(
    "select entity, status, counts::text from migration.proof_entities order by position",
  );
  return new Map(
    rows.map(({ entity, status, counts }) => [
      entity,
      status === "proved" ? JSON.parse(counts) : status,
    ]),
  );
}

/** What is in the target, and who wrote it. */
async function written(): Promise<unknown> {
  const { rows } = await target.query(
    `select 'practices' as table, id, xmin::text from public.practices union all select 'cases', id, xmin::text from public.cases order by 1, 2`,
  );
  return rows;
}

describe("a forecast", () => {
  it("counts by outcome, reason, note and fate, and writes to the ledger only", async () => {
    await target.query(
      `delete from public.cases where legacy_project_id in (1, 2);
       update public.cases set title = 'x' where legacy_project_id = 3;
       update public.cases set practice_id = null where legacy_project_id = 4;
       update public.cases set created_at = now() where legacy_project_id = 5;
       insert into public.cases (title) values ('of somebody else');
       update hand.cases set created_at = null, updated_at = null where source_key = 5;
       update hand.cases set outcome = 'parked' where source_key = 6;
       update hand.cases set notes = '{email_invalid:email,code_unknown:case_type}' where source_key in (7, 8);
       update hand.cases set notes = '{email_invalid:email}' where source_key = 9`,
    );
    const before = await written();
    const found = await forecast(null);
    // Four rows of some 250 bytes are written, to a table with indexes.
    expect(found.get("cases")).toEqual({
      bytes: expect.toSatisfy((bytes: number) => bytes > 4 * 250 && bytes < 4 * 1_500),
      outcomes: { loaded: ROWS - 1, rejected: 1, parked: 1 },
      fates: { inserted: 2, updated: 2, unchanged: ROWS - 5 },
      reasons: { unreadable: 1 },
      notes: { "email_invalid:email": 3, "code_unknown:case_type": 2 },
      strangers: 1,
    });
    expect(found.get("practices")).toMatchObject({ fates: { unchanged: ROWS }, strangers: 0 });
    expect(found.get("case_states")).toBe("without_twin");
    expect(await written()).toEqual(before);
  });

  it("says what a run takes of both servers: connections, and what their limits leave", async () => {
    await forecast(["practices"]);
    const { rows } = await target.query<{ needs: string }>(
      "select needs::text from migration.proofs",
    );
    const room = { left: expect.any(Number), limit: expect.any(Number), of: expect.any(String) };
    expect(JSON.parse(rows[0]?.needs ?? "{}")).toEqual({
      // The pools of this test have 2 and 10: taken for what is set for all services, and 2 more for the proof.
      source: { needed: 2 * 2 + 2, ...room },
      target: { needed: 4 * 10 + 2, ...room },
    });
  });

  it("goes through parents, and counts what is asked for only, whether a run has read it or not", async () => {
    await target.query("delete from migration.exceptions; delete from migration.batches");
    const found = await forecast(["patients"]);
    expect([...found.keys()]).toEqual(["patients"]);
    expect(found.get("patients")).toMatchObject({ fates: { unchanged: ROWS } });
  });
});
