/** A table of the source that has always been empty: a run that planned it and found nothing has read it. */
import type { Pool } from "@nexus/shared/database";
import { createProof } from "@nexus/shared/ledger";
import { beforeEach, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { booksByHand, loadByHand } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

let deps: Deps;
let target: Pool;

/** Of the cases there is nothing, anywhere; the run has planned them, and settled. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  await loadByHand(deps.legacy, target);
  await deps.legacy.query("truncate dispatch_project");
  await target.query(
    `truncate hand.cases; delete from public.cases;
     delete from migration.exceptions where entity = 'cases'; delete from migration.batches where entity = 'cases';
     update migration.run_entities set cursor_key = -9223372036854775808 where entity = 'cases';
     update migration.runs set source_snapshot = '100:200:'`,
  );
});

/** What a verification says of the cases, and what it finds in them. */
async function verified(): Promise<unknown> {
  const asked = { entities: null, range: null, sample: null, codes: null };
  const id = await createProof(target, "verification", asked, { actor: "tester", reason: null });
  await prove(deps, booksByHand());
  const { rows } = await target.query(
    `select status, rows, counts::text, changed_since as since, array(
       select concat_ws(' ', legacy_id, kind) from migration.proof_differences d where d.proof_id = e.proof_id and d.entity = e.entity order by legacy_id)::text as found
     from migration.proof_entities e where proof_id = $1 and entity = 'cases'`,
    [id],
  );
  return rows[0];
}

const NOTHING = { status: "proved", rows: 0, counts: "{}", since: 0, found: "{}" };

it("is verified: there are no rows, and none is expected", async () => {
  expect(await verified()).toEqual(NOTHING);
});

it("has its rows of the target found stale", async () => {
  await target.query(
    "insert into public.cases (legacy_project_id, case_number, title, case_type, current_state) values (7, 'CASE-7', 'x', 'refinement', 'submitted')",
  );
  expect(await verified()).toEqual({
    ...NOTHING,
    counts: `{"stale_row": 1}`,
    found: `{"7 stale_row"}`,
  });
});

it("has a row that came since the run told apart", async () => {
  await deps.legacy.query("insert into dispatch_project values (9)");
  await target.query(
    "insert into hand.cases (source_key, legacy_key, outcome, notes, since) values (9, 9, 'loaded', '{}', 250)",
  );
  expect(await verified()).toEqual({ ...NOTHING, rows: 1, since: 1, found: `{"9 missing_row"}` });
});

it.each([
  ["a run that is still to plan it", "status = 'waiting'"],
  ["a run that was rolled back", "status = 'rolled_back'"],
  ["a run that left it out", "status = 'skipped'"],
  ["a repair, whose batch has failed", "batches = 1"],
  ["a delta that knew its rows, of runs that are rolled back", "unchanged = 5"],
])("is not verified by %s", async (_, set) => {
  await target.query(`update migration.run_entities set ${set} where entity = 'cases'`);
  expect(await verified()).toEqual({ ...NOTHING, status: "unread" });
});
