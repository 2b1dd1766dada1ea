/** The source goes on while we migrate: a second run follows its changes, and touches nothing else. */
import { entities } from "@nexus/catalog";
import { mutate, type MutatedEntity, type Mutation, type Shape } from "@nexus/local/sample";
import type { EntityProgress } from "@nexus/shared/ledger";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { expectSumsToClose } from "./outcomes.ts";
import { differences, type Snapshot, snapshot } from "./snapshot.ts";

const MOVED: readonly MutatedEntity[] = [
  "practices",
  "profiles",
  "patients",
  "cases",
  "projects",
  "practice_members",
  "case_states",
  "workflow_templates",
];

describe.each(mostReal(stacks([embedded])))("changes of the source on $name", (stack) => {
  describe.each<Shape>(["real", "reported"])("of the %s shape", (shape) => {
    let journey: Journey;
    let before: Snapshot;
    let after: Snapshot;
    let mutation: Mutation;
    let progress: readonly EntityProgress[];
    let lastEvent: number;
    let runId: number;

    beforeAll(async () => {
      journey = await openJourney(stack, { sample: { scale: 0.02, shape } });
      await journey.completed(await journey.begin({ embeddings: true }));
      before = await snapshot(journey.target);
      lastEvent = await newestEvent(journey);
      mutation = await mutate({ url: journey.stack.legacyUrl, seed: 5, share: 0.03, shape });
      runId = await journey.begin({ embeddings: true });
      progress = await journey.completed(runId);
      after = await snapshot(journey.target);
    });
    afterAll(() => journey?.close());

    it.each(MOVED)("writes exactly the rows of %s that changed or are new", (entity) => {
      const { updated, inserted, deleted } = mutation[entity];
      const found = differences(before, after, entity);
      const relinked = entity === "practice_members" ? deleted : [];
      expect(found.rewritten).toEqual(updated);
      expect(found.inserted).toEqual(inserted);
      expect(found.gone, "only a pair that came back under a new id leaves its old one").toEqual(
        relinked,
      );
      expect(found.otherId).toEqual([]);
      expect([...updated, ...inserted].length).toBeGreaterThan(0);
    });

    it.each(MOVED)("counts for %s what it wrote, and its sum closes", (entity) => {
      const { updated, inserted, deleted } = mutation[entity];
      const taken = entity === "practice_members" ? deleted.length : 0;
      const counts = progress.filter((one) => one.entity === entity);
      expectSumsToClose(counts);
      expect(counts).toMatchObject([
        { inserted: inserted.length - taken, updated: updated.length },
      ]);
    });

    it("offers the changed rows to the embedder, and no other", async () => {
      expect(await contentSince(journey, lastEvent)).toEqual(contentOf(mutation, after));
    });

    it("takes a membership over that came back under a new id, and says so", async () => {
      const { rows } = await journey.target.query<{ legacy_ids: number[] }>(
        `select n.legacy_ids::integer[] as legacy_ids from migration.notes n join migration.batches b on b.id = n.batch_id
         where b.run_id = $1 and b.entity = 'practice_members' and n.code = 'legacy_id_changed'`,
        [runId],
      );
      const taken = rows.flatMap(({ legacy_ids }) => legacy_ids).sort((a, b) => a - b);
      const { inserted, deleted } = mutation.practice_members;
      expect(taken).toHaveLength(deleted.length);
      expect(inserted).toEqual(expect.arrayContaining(taken));
      const idsOf = (at: Snapshot, keys: readonly number[]) =>
        keys.map((key) => String(at.get("practice_members")?.get(key)?.id)).sort();
      expect(idsOf(after, taken), "it keeps its id").toEqual(idsOf(before, deleted));
    });

    it("keeps rows that are gone from the source, as they were", () => {
      for (const entity of MOVED.filter((name) => name !== "practice_members"))
        for (const key of mutation[entity].deleted)
          expect(after.get(entity)?.get(key), `${entity} ${key}`).toEqual(
            before.get(entity)?.get(key),
          );
      expect(MOVED.some((entity) => mutation[entity].deleted.length > 0)).toBe(true);
    });

    it("writes nothing the third time", async () => {
      const third = await journey.completed(await journey.begin({ embeddings: true }));
      expect(third.filter(({ inserted, updated }) => inserted + updated > 0)).toEqual([]);
      const last = await snapshot(journey.target);
      for (const entity of MOVED)
        expect(differences(after, last, entity), entity).toEqual({
          inserted: [],
          rewritten: [],
          gone: [],
          otherId: [],
        });
    });
  });
});

async function newestEvent({ target }: Journey): Promise<number> {
  const { rows } = await target.query<{ id: number }>(
    `select coalesce(max(id), 0) as id from migration.content_events`,
  );
  return rows[0]?.id ?? 0;
}

/** `type id` of everything offered after an event, sorted. */
async function contentSince({ target }: Journey, event: number): Promise<string[]> {
  const { rows } = await target.query<{ item: string }>(
    `select content_type || ' ' || unnest(target_ids) as item from migration.content_events where id > $1`,
    [event],
  );
  return rows.map(({ item }) => item).sort();
}

function contentOf(mutation: Mutation, after: Snapshot): string[] {
  return MOVED.flatMap((name) => {
    const content = entities.find((entity) => entity.name === name)?.content ?? null;
    if (content === null) return [];
    const { updated, inserted } = mutation[name];
    return [...updated, ...inserted].map((key) => `${content} ${after.get(name)?.get(key)?.id}`);
  }).sort();
}
