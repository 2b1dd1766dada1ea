import type { Pool } from "@nexus/shared/database";
import { createProof, type ProofAsked } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { booksByHand, loadByHand, ROWS, type Watch } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

const ALL: ProofAsked = { entities: null, range: null, sample: null, codes: null };

let deps: Deps;
let target: Pool;
let runId: number;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  runId = await loadByHand(deps.legacy, target);
});

/** Verifies, and returns each difference as `entity id column kind`; what changed in the source since has a `~` before it. */
async function differences(asked: Partial<ProofAsked> = {}, watch?: Watch): Promise<string[]> {
  const by = { actor: "tester", reason: null };
  const id = await createProof(target, "verification", { ...ALL, ...asked }, by);
  await prove(deps, booksByHand(watch));
  const ended = await target.query(
    "select status, error_code as code from migration.proofs where id = $1",
    [id],
  );
  expect(ended.rows).toEqual([{ status: "done", code: null }]);
  const { rows } = await target.query<{ said: string }>(
    `select concat_ws(' ', case when changed_since then '~' end, entity, legacy_id, nullif(column_name, ''), kind) as said
     from migration.proof_differences where proof_id = $1 order by entity, legacy_id, column_name`,
    [id],
  );
  return rows.map(({ said }) => said);
}

describe("verification", () => {
  it("finds nothing in a target that holds what is expected, and says what it cannot verify", async () => {
    expect(await differences()).toEqual([]);
    const { rows } = await target.query(
      "select entity, status, rows, counts::text from migration.proof_entities order by position",
    );
    const proved = ["practices", "profiles", "patients", "cases"];
    expect(rows).toEqual(
      deps.entities.map(({ name: entity }) =>
        proved.includes(entity)
          ? { entity, status: "proved", rows: ROWS + 1, counts: "{}" }
          : { entity, status: "without_twin", rows: 0, counts: "{}" },
      ),
    );
  });

  const defects: readonly (readonly [kind: string, sql: string, said: readonly string[]])[] = [
    [
      "a changed cell",
      "update public.practices set phone = '1' where legacy_id = 3",
      ["practices 3 phone changed_cell"],
    ],
    [
      "a changed cell in JSON, a date, an enum and a flag",
      `update public.profiles set metadata = '{"legacy": {"n": 0}}' where legacy_id = 4;
       update public.patients set date_of_birth = null where legacy_id = 4;
       update public.cases set current_state = 'completed' where legacy_project_id = 4;
       update public.practices set is_active = false where legacy_id = 4`,
      [
        "cases 4 current_state changed_cell",
        "patients 4 date_of_birth changed_cell",
        "practices 4 is_active changed_cell",
        "profiles 4 metadata changed_cell",
      ],
    ],
    [
      "a missing row",
      "delete from public.cases where legacy_project_id = 5",
      ["cases 5 missing_row"],
    ],
    [
      "an extra row",
      `insert into public.practices (legacy_id, name) values (${ROWS + 1}, 'x')`,
      [`practices ${ROWS + 1} extra_row`],
    ],
    [
      "stale rows before, among and behind those of the source",
      "insert into public.practices (legacy_id, name) values (-7, 'x'), (1000, 'x')",
      ["practices -7 stale_row", "practices 1000 stale_row"],
    ],
    [
      "a gone row whose marker somebody took away, though the ledger has it as archived",
      `insert into public.profiles (legacy_id, metadata)
         values (1000, '{"legacy": {"archived_at": "2026-01-01T00:00:00Z"}}'), (1001, '{"legacy": {}}'), (1002, '{}');
       insert into migration.archived_rows (entity, id, legacy_id, run_id, marked)
         select 'profiles', p.id, p.legacy_id, r.id, p.legacy_id <> 1002 from public.profiles p, migration.runs r where p.legacy_id >= 1000`,
      ["profiles 1001 stale_row", "profiles 1002 stale_row"],
    ],
    [
      "swapped links",
      `update public.patients p set profile_id = (select q.profile_id from public.patients q where q.legacy_id = 13 - p.legacy_id) where legacy_id in (6, 7)`,
      ["patients 6 profile_id swapped_link", "patients 7 profile_id swapped_link"],
    ],
    [
      "a link that is not there, and one to a row of somebody else",
      `update public.patients set profile_id = null where legacy_id = 6;
       insert into public.profiles (email) values ('stranger@example.org');
       update public.patients set profile_id = (select id from public.profiles where legacy_id is null) where legacy_id = 7`,
      ["patients 6 profile_id swapped_link", "patients 7 profile_id swapped_link"],
    ],
    [
      "a wrong practice",
      "update public.profiles set practice_id = (select id from public.practices where legacy_id = 1) where legacy_id = 8",
      ["profiles 8 practice_id wrong_practice"],
    ],
    [
      "a truncated text",
      "update public.cases set title = left(title, 5) where legacy_project_id = 9",
      ["cases 9 title truncated_text"],
    ],
    [
      "a text that is shorter and another",
      "update public.cases set title = 'x' where legacy_project_id = 9",
      ["cases 9 title changed_cell"],
    ],
    [
      "shifted times",
      "update public.cases set created_at = created_at - interval '5 hours 45 minutes', updated_at = updated_at - interval '26 hours' where legacy_project_id = 10",
      ["cases 10 created_at shifted_time", "cases 10 updated_at shifted_time"],
    ],
    [
      "times that are wrong otherwise",
      `update public.cases set created_at = created_at - interval '7 minutes', updated_at = 'infinity' where legacy_project_id = 10;
       update public.cases set created_at = created_at - interval '27 hours' where legacy_project_id = 11;
       update public.cases set created_at = created_at - interval '1 hour', title = 'x' where legacy_project_id = 12`,
      [
        "cases 10 created_at changed_cell",
        "cases 10 updated_at changed_cell",
        "cases 11 created_at changed_cell",
        "cases 12 created_at changed_cell",
        "cases 12 title changed_cell",
      ],
    ],
    [
      "outcomes, reasons and notes of the ledger",
      `insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason)
         select run_id, entity, 15, id, 'rejected', 'unreadable' from migration.batches where entity = 'cases' and seq = 1;
       update migration.exceptions set resolved_at = now() where entity = 'practices';
       update migration.exceptions set reason = 'other' where entity = 'profiles';
       insert into migration.notes (batch_id, code, column_name, legacy_ids)
         select id, 'email_invalid', 'email', '{21}' from migration.batches where entity = 'patients' and seq = 2`,
      [
        "cases 15 outcome outcome_differs",
        "patients 21 notes outcome_differs",
        `practices ${ROWS + 1} outcome outcome_differs`,
        `profiles ${ROWS + 1} reason outcome_differs`,
      ],
    ],
  ];

  it.each(defects)("finds %s, with its column, and nothing else", async (_, sql, said) => {
    await target.query(sql);
    expect(await differences()).toEqual(said);
  });

  it("believes the newest run that read a row", async () => {
    await target.query(
      `insert into migration.runs (status, embeddings) values ('completed', false);
       insert into migration.batches (run_id, entity, seq, keys, expected, status, finished_at) values (${runId + 1}, 'patients', 1, '{21}', 1, 'done', now());
       insert into migration.notes (batch_id, code, column_name, legacy_ids)
         select id, 'email_invalid', 'email', '{21,22}' from migration.batches where entity = 'patients' and (run_id, seq) in ((${runId}, 2), (${runId + 1}, 1));
       update hand.patients set notes = '{email_invalid:email}' where source_key = 22`,
    );
    expect(await differences()).toEqual(["patients 21 notes outcome_differs"]);
  });

  it("looks at what is asked for only: an entity, a range, a sample", async () => {
    await target.query(
      "update public.practices set phone = '1'; update public.profiles set email = 'x'",
    );
    expect(await differences({ entities: ["practices"] })).toHaveLength(ROWS);
    const range = { from: 3, to: 5 };
    expect(await differences({ entities: ["profiles"], range })).toEqual(
      [3, 4, 5].map((key) => `profiles ${key} email changed_cell`),
    );
    const sampled = await differences({ entities: ["profiles"], sample: 30 });
    expect(sampled.length).toBeGreaterThan(0);
    expect(sampled.length).toBeLessThan(ROWS);
  });

  it("counts no difference that is gone when it is read again", async () => {
    await target.query("update public.profiles set email = 'x' where legacy_id in (1, 2)");
    const mended = await differences({}, async (entity, time) => {
      if (entity === "profiles" && time === 2)
        await target.query(
          "update public.profiles set email = 'user1@example.org' where legacy_id = 1; update public.practices set phone = '1'",
        );
    });
    expect(mended).toEqual(["profiles 2 email changed_cell"]);
  });

  it("tells rows apart that the source has changed since the run that read them began", async () => {
    await target.query(
      `update migration.runs set source_snapshot = '100:200:100';
       update public.profiles set email = 'x' where legacy_id in (1, 2, 3);
       update hand.profiles set since = case source_key when 1 then 200 when 2 then 99 end;
       insert into hand.cases select 500, 500, 'loaded', null, '{}', 201 from hand.cases limit 1`,
    );
    expect(await differences()).toEqual([
      "~ cases 500 missing_row",
      "~ profiles 1 email changed_cell",
      "profiles 2 email changed_cell",
      "profiles 3 email changed_cell",
    ]);
    const { rows: counted } = await target.query(
      "select counts::text, changed_since from migration.proof_entities where entity = 'profiles'",
    );
    expect(counted).toEqual([{ counts: `{"changed_cell": 2}`, changed_since: 1 }]);
  });

  it("tells apart what a part of a transaction wrote that was open then: snapshots do not name parts", async () => {
    await target.query(
      `update migration.runs set source_snapshot = '100:200:100';
       update public.profiles set email = 'x' where legacy_id = 1;
       update hand.profiles set since = 101 where source_key = 1`,
    );
    expect(await differences()).toEqual(["~ profiles 1 email changed_cell"]);
  });

  it("takes a row for read by a delta that found it as it was, once the entity is complete", async () => {
    await target.query(
      `update migration.runs set source_snapshot = '100:100:';
       update hand.profiles set since = 150, email = 'other@example.org' where source_key = 1;
       insert into migration.runs (status, mode, embeddings, source_snapshot) values ('completed', 'delta', false, '200:200:');
       insert into migration.run_entities (run_id, entity, position, status, cursor_key)
         select max(id), 'profiles', 1, 'blocked', 41 from migration.runs`,
    );
    expect(await differences()).toEqual(["~ profiles 1 email changed_cell"]);
    await target.query(
      `update migration.run_entities set status = 'complete' where status = 'blocked'`,
    );
    expect(await differences()).toEqual(["profiles 1 email changed_cell"]);
  });
});
