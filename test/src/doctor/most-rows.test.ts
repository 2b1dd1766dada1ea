/** The doctor's warnings of many rows, each of which met with what is foreseen. */
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { openWard, type Ward } from "./ward.ts";

let ward: Ward;
beforeEach(async (context) => {
  ward = await openWard(context);
});

async function found(code: string): Promise<string[]> {
  const { findings } = await ward.diagnose();
  return findings.filter((one) => one.code === code).map(({ area, says }) => `${area}: ${says}`);
}

describe("the doctor warns", () => {
  it("that most rows of an entity were turned away, or lost a value, each for a foreseen reason", async () => {
    const runId = await seedRun(ward.target, {
      status: "completed",
      entities: {
        case_states: { status: "complete", batches: [{ status: "done" }] },
        profiles: { status: "complete", batches: [{ status: "done" }] },
      },
    });
    await ward.target.query(
      `update migration.run_entities set cursor_key = 99;
       update migration.run_entities set read = 21, loaded = 10, rejected = 11 where entity = 'case_states';
       update migration.run_entities set read = 30, loaded = 24, noted = 24 where entity = 'profiles';
       insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason)
         select ${runId}, 'case_states', k, 1, 'rejected', case when k < 11 then 'case_unresolved' else 'practice_id_missing' end from generate_series(1, 11) k;
       insert into migration.notes (batch_id, code, column_name, legacy_ids)
         select 2, code, 'email', array(select generate_series(1, rows))
         from (values ('email_invalid', 12), ('date_invalid', 11), ('text_repaired', 24)) n (code, rows)`,
    );
    expect(await found("most_rows_turned_away")).toEqual([
      "run: case_states: 11 of 21 rows were rejected or parked, most of them as case_unresolved (10): each is foreseen, so many may be a mistake",
    ]);
    expect(await found("most_rows_noted")).toEqual([
      "run: profiles: 12 of 24 rows that were loaded lost the value of email (email_invalid): each is foreseen, so many may be a mistake",
    ]);
    const { code, output } = await ward.nexus("doctor");
    expect(output).toMatch(/^nothing is wrong; most rows of an entity may be mistaken: 2$/m);
    expect(code).toBe(0);
    await ward.target.query("update migration.run_entities set unchanged = 1");
    expect(await found("most_rows_turned_away"), "a delta, which read a few").toEqual([]);
    await ward.target.query(
      "update migration.run_entities set unchanged = 0, cursor_key = -9223372036854775808",
    );
    expect(await found("most_rows_noted"), "a repair, of what was turned away").toEqual([]);
    await ward.target.query(
      "update migration.run_entities set cursor_key = 99; update migration.exceptions set reason = 'unreadable'",
    );
    expect(await found("most_rows_turned_away"), "what stops the entity by itself").toEqual([]);
  });

  it("what most rows lost, as who waited for the run was told already", async () => {
    await ward.legacy.query("update auth_user set email = 'n/a'");
    await Promise.all([ward.start("extractor"), ward.start("loader")]);
    const ended = await ward.nexusProcess("start --entities practices,profiles --wait");
    expect(ended.output).toMatch(
      /^LOOK: profiles: (\d+) of \1 rows that were loaded lost the value of email \(email_invalid\).* \(most_rows_noted\)/m,
    );
    expect(ended.code).toBe(0);
    expect(await found("most_rows_noted")).toHaveLength(1);
  });
});
