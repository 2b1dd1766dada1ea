/** A run that is rolled back is as if it had not been: each table has its former content, and rows of others are left as they are. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import { type Client, openClient } from "@nexus/contract";
import { mutate } from "@nexus/local/sample";
import { brokenInvariants } from "@nexus/shared/ledger";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { contents, did, leftOf, rolledBack } from "./rolled-back.ts";

const NAMES = inDependencyOrder(entities).map(({ name }) => name);

describe.each(stacks([embedded]))("a rollback on $name", (stack) => {
  let journey: Journey;
  let api: Client;
  let empty: Record<string, string>;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.01 }, env: { BATCH_ROWS: "50" } });
    empty = await contents(journey.target);
  });
  afterAll(() => journey?.close());

  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    api = openClient({ url });
  });

  const holds = async (): Promise<unknown> => await brokenInvariants(journey.target, entities);
  const statusOf = async (runId: number): Promise<string> =>
    (await api.call("GET /v1/runs/:id", { params: { id: String(runId) } })).run?.status ?? "";

  it.each([1, 3, 5, NAMES.length])(
    "of a first run over the first %d entities leaves an empty target, and the next run loads again",
    async (length) => {
      const { target } = journey;
      const only = NAMES.slice(0, length);
      const first = await journey.begin({ only });
      const loaded = await journey.completed(first);
      const filled = await contents(target);
      expect(filled).not.toEqual(empty);

      const plan = await rolledBack(api, first, { plan: true });
      expect(await contents(target)).toEqual(filled);
      const back = await rolledBack(api, first);
      expect(back.status).toBe("done");
      expect(did(back)).toEqual(did(plan));
      expect(did(back)).toEqual(
        Object.fromEntries(
          loaded.map(({ entity, inserted }) => [
            entity,
            { deleted: inserted, restored: 0, left: {} },
          ]),
        ),
      );
      expect(await contents(target)).toEqual(empty);
      expect([await statusOf(first), await holds()]).toEqual(["rolled_back", []]);
      const { rows } = await target.query("select from migration.undo");
      expect(rows).toEqual([]);
    },
  );

  it("of a run over changes gives back what was there, run by run, the newest first", async () => {
    const { target, stack: servers } = journey;
    const first = await journey.begin();
    await journey.completed(first);
    const loaded = await contents(target);
    await mutate({ url: servers.legacyUrl, seed: 5, share: 0.05, shape: "real" });
    const second = await journey.begin();
    const progress = await journey.completed(second);
    expect(progress.some(({ updated }) => updated > 0)).toBe(true);
    expect(await contents(target)).not.toEqual(loaded);

    await expect(rolledBack(api, first)).rejects.toMatchObject({ code: "newer_run" });
    expect(did(await rolledBack(api, second))).toMatchObject({ practices: { left: {} } });
    expect(await contents(target)).toEqual(loaded);
    await expect(rolledBack(api, second)).rejects.toMatchObject({ code: "wrong_status" });
    expect(await holds()).toEqual([]);

    const third = await journey.begin();
    await journey.completed(third);
    const fourth = await journey.begin();
    const again = await journey.completed(fourth);
    expect(again.map(({ inserted, updated }) => inserted + updated)).toEqual(again.map(() => 0));

    for (const runId of [fourth, third, first])
      expect(leftOf(await rolledBack(api, runId)), `left of run ${runId}`).toEqual({});
    expect(await contents(target)).toEqual(empty);
    expect(await holds()).toEqual([]);
  });
});
