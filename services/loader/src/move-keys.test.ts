import { beforeEach, describe, expect, it } from "vitest";
import { type LoaderUnderTest, loaderUnderTest } from "./loader.fixture.ts";

let under: LoaderUnderTest;
let ids: ReadonlyMap<number, string>;

/** Projects 1 to 6, whose numeric uid is 100 more, are in the target. */
beforeEach(async (context) => {
  under = await loaderUnderTest(context);
  await under.legacy.query(
    `alter table dispatch_project alter uid type integer using uid::integer;
     insert into dispatch_project (id, name, uid) select n, 'Project no. ' || n, 100 + n from generate_series(1, 6) n`,
  );
  await under.load("cases");
  await under.load("projects");
  ids = new Map((await stored()).map(({ of, id }) => [of, id]));
});

async function stored(): Promise<{ of: number; id: string; key: number; name: string }[]> {
  const { rows } = await under.target.query<{ of: number; id: string; key: number; name: string }>(
    `select (metadata #>> '{legacy,id}')::integer as of, id, legacy_id as key, name from projects order by 1`,
  );
  return rows;
}

/** Each source row is in the target once, under its uid, its name and the id that it always had. */
async function expectConverged(): Promise<void> {
  const source = await under.legacy.query<{ id: number; uid: number; name: string }>(
    "select id, uid, name from dispatch_project order by id",
  );
  expect(await stored()).toEqual(
    source.rows.map(({ id, uid, name }) => ({
      of: id,
      id: ids.get(id) ?? expect.any(String),
      key: uid,
      name,
    })),
  );
}

describe("a numeric uid that changes in the source", () => {
  it.each([
    ["moves", "update dispatch_project set uid = 200 where id = 1"],
    [
      "is swapped",
      "update dispatch_project set uid = case id when 1 then 102 else 101 end where id in (1, 2)",
    ],
    ["moves on in a chain", "update dispatch_project set uid = uid + 1"],
    ["moves back in a chain", "update dispatch_project set uid = uid - 1"],
    [
      "goes to a new row",
      "update dispatch_project set uid = 300 where id = 1; insert into dispatch_project (id, name, uid) values (7, 'new', 101)",
    ],
  ])("%s: no row changes its id, none is merged", async (_, change) => {
    await under.legacy.query(change);
    await under.load("cases");
    for (const ranges of [
      [[0, 100]],
      [
        [0, 1],
        [1, 100],
      ],
      [
        [1, 100],
        [0, 1],
      ],
    ] as const) {
      for (const range of ranges)
        expect(await under.load("projects", range)).toMatchObject({ exceptions: [] });
      await expectConverged();
      await under.legacy.query(
        "update dispatch_project p set uid = o.uid from dispatch_project o where p.id < 3 and o.id = 3 - p.id",
      );
    }
  });

  it.each(["numeric(12,2)", "bigint", "double precision"])(
    "stays with the row that has it, whose own key is %s",
    async (type) => {
      await under.legacy.query(
        `alter table dispatch_project alter id type ${type};
         update dispatch_project set uid = 103 where id = 5`,
      );
      for (const range of [
        [2, 3],
        [4, 5],
        [2, 3],
      ] as const)
        await under.load("projects", range);
      expect(await under.load("projects", [4, 5])).toMatchObject({
        loaded: 0,
        exceptions: ["5 duplicate_key legacy_id"],
      });
      expect((await stored())[2]).toMatchObject({ of: 3, key: 103 });
    },
  );

  it("goes from a row that is gone to another", async () => {
    await under.legacy.query(
      "delete from dispatch_project where id = 1; update dispatch_project set uid = 101 where id = 2",
    );
    expect(await under.load("projects")).toMatchObject({ loaded: 5, exceptions: [] });
    expect((await stored()).slice(0, 2)).toMatchObject([
      { of: 1, name: "Project no. 1" },
      { of: 2, key: 101 },
    ]);
  });

  it("is one row's, where two claim it", async () => {
    await under.legacy.query("update dispatch_project set uid = 103 where id in (2, 5)");
    for (const range of [
      [0, 100],
      [0, 100],
      [1, 2],
    ] as const)
      await under.load("projects", range);
    const { loaded, exceptions } = await under.load("projects");
    expect({ loaded, exceptions }).toEqual({
      loaded: 3,
      exceptions: [2, 3, 5].map((id) => `${id} duplicate_key legacy_id`),
    });
    expect((await stored()).map(({ of, name }) => `${of} ${name}`)).toEqual(
      Array.from({ length: 6 }, (_, n) => `${n + 1} Project no. ${n + 1}`),
    );
  });
});
