import { backfill, migrateTarget } from "@nexus/shared/ledger";
import { entities } from "@nexus/catalog";
import { beforeEach, describe, expect, it } from "vitest";
import { type DifyUnderTest, difyUnderTest, idle } from "./dify.fixture.ts";

let dify: DifyUnderTest;
let mine: string;
let theirs: string;

beforeEach(async (context) => {
  dify = await difyUnderTest(context);
  [mine, theirs] = [await dify.practice("Mine"), await dify.practice("Theirs")];
});

describe("content in Dify", () => {
  it("is in the dataset of its practice, under a name of keys", async () => {
    const [a, b] = [
      await dify.newCase("Upper arch", mine),
      await dify.newCase("Night guard", theirs),
    ];
    await dify.fill(a, b);
    expect(dify.server.documents()).toEqual(
      expect.arrayContaining([
        {
          dataset: `mig-${mine}`,
          name: `case-${a}`,
          text: expect.stringContaining("Upper arch"),
          revision: 0,
        },
        {
          dataset: `mig-${theirs}`,
          name: `case-${b}`,
          text: expect.stringContaining("Night guard"),
          revision: 0,
        },
      ]),
    );
    expect(dify.server.documents()).toHaveLength(2);
    expect(dify.server.datasets()).toContainEqual({ name: `mig-${mine}`, description: "Mine" });
  });

  it("that belongs to no practice is nobody's, but for templates, which are everybody's", async () => {
    await dify.offer("workflow_template", [
      await dify.newSharedTemplate("Retention in four steps"),
    ]);
    await dify.fill(await dify.newCase("Of nobody", null));
    expect(dify.server.documents()).toMatchObject([
      { dataset: "mig-shared", text: expect.stringContaining("Retention") },
    ]);
  });

  it("that has nothing to say, or is gone before it was looked at, costs no call", async () => {
    const silent = await dify.newCase("Case 52", mine);
    await dify.target.query(
      `update public.cases set case_type = null, current_state = null where id = $1`,
      [silent],
    );
    const gone = await dify.newCase("Gone", mine);
    await dify.target.query(`delete from public.cases where id = $1`, [gone]);
    await dify.fill(silent, gone);
    expect(dify.server.calls("create")).toBe(0);
    expect(await dify.failure(gone)).toBeUndefined();
  });

  it("costs nothing when it is offered again unchanged", async () => {
    const id = await dify.newCase("Upper arch", mine);
    await dify.fill(id);
    const calls = allCalls(dify);
    await dify.fill(id);
    await dify.target.query(
      `update public.cases set metadata = '{"legacy": {"uid": 7}}' where id = $1`,
      [id],
    );
    await dify.fill(id);
    expect(allCalls(dify)).toBe(calls);
  });

  it("is updated in place when its text changes", async () => {
    const id = await dify.newCase("Upper arch", mine);
    await dify.fill(id);
    await dify.rename(id, "Lower arch");
    await dify.fill();
    expect(dify.server.documents()).toMatchObject([
      { text: expect.stringContaining("Lower arch"), revision: 1 },
    ]);
  });

  it("that changes while Dify is indexing it is updated after that", async () => {
    dify.server.change({ indexingMs: 300 });
    const id = await dify.newCase("Upper arch", mine);
    await dify.offer("case", [id]);
    await dify.work(({ items }) => items.indexing === 1);
    await dify.rename(id, "Lower arch");
    await dify.work(idle);
    expect(dify.server.documents()).toMatchObject([
      { text: expect.stringContaining("Lower arch"), revision: 1 },
    ]);
    expect(dify.server.calls("create")).toBe(1);
  });

  it.each(["204", "200 success", "200 body 204"] as const)(
    "goes when its row goes, however Dify answers that: %s",
    async (deletion) => {
      dify.server.change({ deletion });
      const id = await dify.newCase("Upper arch", mine);
      await dify.fill(id);
      await dify.target.query(`delete from public.cases where id = $1`, [id]);
      await dify.work(idle);
      expect(dify.server.documents()).toEqual([]);
      expect(await dify.failure(id)).toBeUndefined();
    },
  );

  it("goes when its table is emptied, and when it has nothing to say any more", async () => {
    const id = await dify.newCase("Upper arch", mine);
    const template = await dify.newSharedTemplate("Retention");
    await dify.offer("workflow_template", [template]);
    await dify.fill(id);
    await dify.target.query(`truncate public.cases cascade`);
    await dify.target.query(
      `update public.workflow_templates set name = 'Template 5', case_type = null where id = $1`,
      [template],
    );
    await dify.offer("workflow_template", [template]);
    await dify.work(idle);
    expect(dify.server.documents()).toEqual([]);
  });

  it("moves with its row to another practice, and its projects and states with it, whoever moves it", async () => {
    const id = await dify.newCase("Upper arch", mine);
    await dify.target.query(
      `insert into public.projects (case_id, practice_id, name) values ($1, $2, 'Scan of the upper jaw')`,
      [id, mine],
    );
    const { rows } = await dify.target.query<{ id: string }>(
      `select id::text from public.projects`,
    );
    await dify.offer("project", [rows[0]?.id ?? ""]);
    await dify.fill(id);
    await dify.target.query(`update public.cases set practice_id = $2 where id = $1`, [id, theirs]);
    await dify.work(idle);
    expect(new Set(dify.server.documents().map(({ dataset }) => dataset))).toEqual(
      new Set([`mig-${theirs}`]),
    );
    expect(dify.server.documents()).toHaveLength(2);
  });

  it("is spelt as older releases spell it, too", async () => {
    const id = await dify.newCase("Upper arch", mine);
    await dify.offer("case", [id]);
    await dify.work(idle, [await dify.consumer({}, "underscores")]);
    expect(dify.server.documents()).toHaveLength(1);
  });

  it("that no run has offered is offered by a backfill, once; migrating again changes nothing", async () => {
    await dify.newCase("Upper arch", mine);
    const by = { actor: "test", reason: null };
    const missing = () => backfill(dify.target, entities, "missing", by, "dify");
    expect(await missing()).toMatchObject({ items: 1 });
    expect(await missing()).toMatchObject({ items: 0 });
    await dify.work(idle);
    expect(await missing()).toMatchObject({ items: 0 });
    expect(dify.server.documents()).toHaveLength(1);
    const { rows } = await dify.target.query(
      `select from migration.content_events where done_at is null`,
    );
    expect(rows, "the embedder was offered something").toEqual([]);
    expect((await migrateTarget({ target: dify.target, entities })).applied).toEqual([]);
  });

  it("that many consumers are filling at once is there once", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 60; n++)
      ids.push(await dify.newCase(`Arch of the ${n}th visit`, n % 2 ? mine : theirs));
    await dify.offer("case", ids);
    await dify.offer("case", ids);
    await dify.work(idle, [await dify.consumer(), await dify.consumer(), await dify.consumer()]);
    expect(dify.server.documents()).toHaveLength(60);
    expect(dify.server.calls("create")).toBe(60);
    expect(dify.server.datasets()).toHaveLength(2);
  });
});

function allCalls({ server }: DifyUnderTest): number {
  return (["create-dataset", "find-datasets", "create", "update", "delete", "find"] as const)
    .map((operation) => server.calls(operation))
    .reduce((sum, calls) => sum + calls);
}
