/** A target has a life of its own: triggers, rules, checks, generated columns. They cost the row that they refuse, and no run after it. */
import { beforeEach, describe, expect, it } from "vitest";
import { type LoaderUnderTest, loaderUnderTest } from "./loader.fixture.ts";

let under: LoaderUnderTest;
beforeEach(async (context) => {
  under = await loaderUnderTest(context);
  await under.legacy.query(
    `insert into dispatch_office (id, name, phone) select n, 'Office ' || n, n::text from generate_series(1, 40) n`,
  );
});

/** A trigger on practices: when it comes, and what it does. */
async function trigger(when: string, body: string): Promise<void> {
  await under.target.query(
    `create function life() returns trigger language plpgsql as $$ begin ${body} end $$;
     create ${when.startsWith("constraint") ? when : `trigger life ${when}`} for each row execute function life()`,
  );
}

async function names(): Promise<string[]> {
  const { rows } = await under.target.query<{ name: string }>(
    "select name from practices order by legacy_id",
  );
  return rows.map(({ name }) => name);
}

const BAD = `if new.legacy_id in (3, 20, 40) then`;

describe("a row that the target refuses by a rule of its own is rejected with its code, and all others are loaded", () => {
  it.each([
    [
      "raise",
      "before insert on practices",
      `${BAD} raise exception 'no'; end if; return new;`,
      "refused_P0001",
    ],
    [
      "raise with a code of its own",
      "before insert on practices",
      `${BAD} raise exception 'no' using errcode = '40001'; end if; return new;`,
      "refused_40001",
    ],
    [
      "raise with a code of no class",
      "after insert on practices",
      `${BAD} raise feature_not_supported; end if; return null;`,
      "refused_0A000",
    ],
    [
      "raise at the commit",
      "constraint trigger life after insert on practices deferrable initially deferred",
      `${BAD} raise exception 'no'; end if; return null;`,
      "refused_P0001",
    ],
    [
      "drop rows",
      "before insert on practices",
      `${BAD} return null; end if; return new;`,
      "not_stored",
    ],
    [
      "change the legacy key",
      "before insert on practices",
      `${BAD} new.legacy_id = new.legacy_id + 1000; end if; return new;`,
      "not_stored",
    ],
    [
      "take rows away",
      "after insert on practices",
      `${BAD} delete from practices where id = new.id; end if; return null;`,
      "not_stored",
    ],
  ])("by triggers that %s", async (_, when, body, reason) => {
    await trigger(when, body);
    const { exceptions, ...loaded } = await under.load("practices");
    expect(loaded).toMatchObject({ status: "done", read: 40, loaded: 37, inserted: 37 });
    expect(exceptions).toEqual([`3 ${reason}`, `20 ${reason}`, `40 ${reason}`]);
    expect(await names()).toHaveLength(37);
  });

  it("by an index that cannot hold it", async () => {
    await under.target.query("create index on practices (name)");
    await under.legacy.query(
      `update dispatch_office set name = (select string_agg(md5(n::text), '') from generate_series(1, 1000) n) where id = 7`,
    );
    expect(await under.load("practices")).toMatchObject({
      loaded: 39,
      exceptions: ["7 refused_54000"],
    });
  });

  it("by a generated column that cannot hold it", async () => {
    await under.target.query(
      "alter table practices add column words tsvector generated always as (to_tsvector('simple', name)) stored",
    );
    await under.legacy.query(
      `update dispatch_office set name = (select string_agg(md5(n::text), ' ') from generate_series(1, 40000) n) where id = 7`,
    );
    expect(await under.load("practices")).toMatchObject({
      loaded: 39,
      exceptions: ["7 refused_54000"],
    });
  });

  it("every row, in as many statements as there are rows", async () => {
    await trigger("before insert on practices", "raise exception 'no';");
    const { loaded, exceptions } = await under.load("practices");
    expect([loaded, exceptions.length]).toEqual([0, 40]);
  });
});

describe("an update that a trigger drops", () => {
  it("is no loaded row, though an older one is there", async () => {
    await under.load("practices");
    await trigger("before update on practices", `${BAD} return null; end if; return new;`);
    await under.legacy.query("update dispatch_office set phone = 'new'");
    expect(await under.load("practices")).toMatchObject({
      loaded: 37,
      updated: 37,
      exceptions: ["3 not_stored", "20 not_stored", "40 not_stored"],
    });
  });
});

describe("a rule that does nothing instead", () => {
  it("fails the batch, and says so", async () => {
    await under.target.query("create rule quiet as on insert to practices do instead nothing");
    expect(await under.load("practices")).toMatchObject({ status: "failed", error_code: "0A000" });
  });
});

describe("what the target stores otherwise than it was sent", () => {
  it.each([
    [
      "stamps every write",
      "before insert or update on practices",
      "new.updated_at = clock_timestamp(); return new;",
    ],
    ["stamps updates", "before update on practices", "new.updated_at = now(); return new;"],
    [
      "writes in capitals",
      "before insert or update on practices",
      "new.name = upper(new.name); return new;",
    ],
  ])("converges where a trigger %s", async (_, when, body) => {
    await trigger(when, body);
    await under.load("practices");
    await under.legacy.query(
      `alter table dispatch_office add updated_at timestamptz; update dispatch_office set updated_at = '2020-01-01', phone = 'new' where id < 11`,
    );
    expect(await under.load("practices")).toMatchObject({ loaded: 40, updated: 10 });
    expect(await under.load("practices")).toMatchObject({
      loaded: 40,
      inserted: 0,
      updated: 0,
      exceptions: [],
    });
  });

  it.each([
    ["is narrower", "alter table practices alter column created_at type timestamptz(0)"],
    [
      "is computed",
      "alter table practices drop column phone; alter table practices add column phone text generated always as (name || '!') stored",
    ],
  ])("converges where a column %s", async (_, alter) => {
    await under.target.query(alter);
    await under.legacy.query(
      "alter table dispatch_office add created_at timestamptz; update dispatch_office set created_at = '2020-01-01 00:00:00.123456'",
    );
    expect(await under.load("practices")).toMatchObject({
      loaded: 40,
      inserted: 40,
      exceptions: [],
    });
    expect(await under.load("practices")).toMatchObject({ loaded: 40, updated: 0 });
  });

  it("is nothing where text stands for an enum", async () => {
    await under.target.query(
      `alter table cases alter column case_type type text,
         alter column current_state type varchar(20), add check (case_type in ('initial_consultation', 'active_treatment'))`,
    );
    await under.legacy.query(
      "insert into dispatch_project (id, uid, name, type, status) values (1, 'a', 'One', 0, 0), (2, 'b', 'Two', 11, 2), (3, 'c', 'Three', 3, 1)",
    );
    const refused = ["3 check_violated"];
    expect(await under.load("cases")).toMatchObject({
      loaded: 2,
      inserted: 2,
      exceptions: refused,
    });
    const { rows } = await under.target.query(
      "select case_type, current_state from cases order by legacy_project_id",
    );
    expect(rows).toEqual([
      { case_type: "initial_consultation", current_state: "submitted" },
      { case_type: "active_treatment", current_state: "completed" },
    ]);
    await under.legacy.query("update dispatch_project set status = 1 where id = 1");
    expect(await under.load("cases")).toMatchObject({ loaded: 2, updated: 1, exceptions: refused });
    expect(await under.load("cases")).toMatchObject({ loaded: 2, updated: 0, exceptions: refused });
  });

  it("is written again when the source changes, when somebody else changes it, and when the trigger is gone", async () => {
    await trigger(
      "before insert or update on practices",
      "new.name = upper(new.name); return new;",
    );
    await under.load("practices");
    await under.legacy.query("update dispatch_office set name = 'other' where id = 1");
    await under.target.query("update practices set phone = 'theirs' where legacy_id = 2");
    expect(await under.load("practices")).toMatchObject({ updated: 2 });
    expect(await under.load("practices")).toMatchObject({ updated: 0 });
    await under.target.query("drop trigger life on practices");
    expect(await under.load("practices")).toMatchObject({ updated: 40 });
    expect((await names()).slice(0, 2)).toEqual(["other", "Office 2"]);
    expect(await under.load("practices")).toMatchObject({ updated: 0 });
  });
});
