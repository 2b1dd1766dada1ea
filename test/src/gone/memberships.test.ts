/** A membership that is deleted at the source gives no access any more, and gives it again when the source has it again. */
import { eventually, stacks } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { type Journey, openJourney } from "../journey.ts";

const ENTITIES = { only: ["practices", "profiles", "practice_members"] };

describe.each(stacks())("a membership that is deleted at the source, on $name", (stack) => {
  it("becomes inactive, comes back, and is not believed gone when the source shows nothing", async () => {
    const journey = await openJourney(stack, { sample: { scale: 0.02 } });
    try {
      await journey.completed(await journey.begin(ENTITIES));
      const before = await active(journey);
      const id = await oneOfItsPair(journey, before);
      await journey.legacy.query(
        `create table kept as select * from dispatch_office_doctors where id = ${id};
         delete from dispatch_office_doctors where id = ${id}`,
      );
      const progress = await journey.completed(await journey.begin(ENTITIES));
      expect(await active(journey)).toEqual(before.filter((one) => one !== id));
      expect(progress.filter(({ gone }) => gone > 0)).toMatchObject([
        { entity: "practice_members", gone: 1 },
      ]);
      await journey.legacy.query("insert into dispatch_office_doctors select * from kept");
      await journey.completed(await journey.begin(ENTITIES));
      expect(await active(journey)).toEqual(before);
      await journey.legacy.query("alter table dispatch_office_doctors rename to elsewhere");
      await journey.legacy.query(
        "create table dispatch_office_doctors (like elsewhere including all)",
      );
      await journey.begin(ENTITIES);
      await eventually(async () => await blocked(journey), {
        until: (code) => code === "rows_gone_from_source",
        within: 60_000,
      });
      expect(await active(journey)).toEqual(before);
    } finally {
      await journey.close();
    }
  }, 120_000);
});

/** A membership without a double, which would take its place. */
async function oneOfItsPair({ legacy }: Journey, ids: readonly number[]): Promise<number> {
  const { rows } = await legacy.query<{ id: number }>(
    `select min(id) as id from dispatch_office_doctors group by office_id, user_id
     having count(*) = 1 and min(id) = any($1::integer[]) order by 1 limit 1`,
    [ids],
  );
  return rows[0]?.id ?? 0;
}

async function active({ target }: Journey): Promise<number[]> {
  const { rows } = await target.query<{ id: number }>(
    "select legacy_id as id from practice_members where is_active order by 1",
  );
  return rows.map(({ id }) => id);
}

async function blocked({ target }: Journey): Promise<string | undefined> {
  const { rows } = await target.query<{ code: string }>(
    "select error_code as code from migration.run_entities where status = 'blocked'",
  );
  return rows[0]?.code;
}
