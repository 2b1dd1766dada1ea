import { expect, it } from "vitest";
import { counts } from "./counts.ts";
import { mutate } from "./mutate.ts";
import { numberOf, openTrial, sampleTemplate } from "./trial-database.ts";

const template = sampleTemplate("sample_mutated", { shape: "reported", scale: 0.05, seed: 2 });

it("changes the reported shape and names projects by their integer uid", async (context) => {
  const db = await openTrial(context, template);
  const { projects } = counts(0.05);
  const changes = await mutate({ client: db, shape: "reported", seed: 4, share: 0.01 });
  const { inserted, deleted, updated } = changes.projects;
  const present = (uids: readonly number[]): Promise<number> =>
    numberOf(db, `select count(*) from dispatch_project where uid in (${uids.join()})`);
  expect(updated.length).toBe(Math.round(projects * 0.01));
  expect(await present([...updated, ...inserted])).toBe(updated.length + inserted.length);
  expect(await present(deleted)).toBe(0);
  expect(await numberOf(db, "select count(*) from dispatch_project")).toBe(
    projects + inserted.length - deleted.length,
  );
});

it("puts each key in one list and leaves no tools behind", async (context) => {
  const db = await openTrial(context, template);
  const changes = await mutate({ client: db, shape: "reported", seed: 5, share: 0.2 });
  for (const [entity, { updated, inserted, deleted }] of Object.entries(changes)) {
    const all = [...updated, ...inserted, ...deleted];
    expect(new Set(all).size, entity).toBe(all.length);
  }
  expect(
    await numberOf(db, "select count(*) from pg_namespace where nspname = 'sample_tools'"),
  ).toBe(0);
});
