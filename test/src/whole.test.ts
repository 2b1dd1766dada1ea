import { counts } from "@nexus/local/sample";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";

describe.each(stacks([embedded]))("the whole journey on $name", (stack) => {
  describe.each(["real", "reported"] as const)("of the %s shape", (shape) => {
    const scale = 0.02;
    let journey: Journey;
    beforeAll(async () => {
      journey = await openJourney(stack, { sample: { scale, shape } });
    });
    afterAll(() => journey.close());

    it("gives every source row an outcome, and the sum closes", async () => {
      const progress = await journey.completed(await journey.begin({ embeddings: true }));
      expect(progress.map(({ entity, status }) => [entity, status])).toEqual(
        progress.map(({ entity }) => [entity, "complete"]),
      );
      for (const entity of progress) {
        expect(entity.read, entity.entity).toBe(entity.expected);
        expect(entity.loaded + entity.rejected + entity.parked, entity.entity).toBe(entity.read);
      }
      const read = progress.reduce((sum, { read }) => sum + read, 0);
      expect(read).toBe(counts(scale).sourceRows + counts(scale).projects);
    });

    it("settles parents before it opens their children", async () => {
      const { rows } = await journey.target.query<{ entity: string; parent: string }>(
        `select c.entity, p.entity as parent from migration.run_entities c join migration.run_entities p using (run_id)
         where c.started_at < p.settled_at and (c.entity, p.entity) in
           (('profiles', 'practices'), ('patients', 'profiles'), ('cases', 'patients'), ('projects', 'cases'),
            ('practice_members', 'profiles'), ('case_states', 'cases'), ('workflow_templates', 'practices'))`,
      );
      expect(rows).toEqual([]);
    });

    it("writes nothing and offers nothing to the embedder the second time", async () => {
      const before = await eventCount(journey);
      expect(before).toBeGreaterThan(0);
      const progress = await journey.completed(await journey.begin({ embeddings: true }));
      expect(
        progress.map(({ entity, inserted, updated }) => ({ entity, inserted, updated })),
      ).toEqual(progress.map(({ entity }) => ({ entity, inserted: 0, updated: 0 })));
      expect(await eventCount(journey)).toBe(before);
    });
  });
});

async function eventCount({ target }: Journey): Promise<number> {
  const { rows } = await target.query<{ count: number }>(
    `select count(*) from migration.content_events`,
  );
  return rows[0]?.count ?? 0;
}
