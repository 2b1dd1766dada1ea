/** A source that people work in while it is verified: what they change is no difference, and hides none. */
import type { Shape } from "@nexus/local/sample";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Journey, openJourney } from "../journey.ts";
import { type BusySource, busySource, openTransaction } from "./busy-source.ts";
import { addIsland, DEFECTS, ISLAND, TASKS } from "./island.ts";
import { verifyOnce } from "./verify-once.ts";

const SOURCES: readonly {
  readonly shape: Shape;
  readonly seed: number;
  readonly rounds: number;
}[] = [
  { shape: "real", seed: 1, rounds: 14 },
  { shape: "reported", seed: 2, rounds: 6 },
];

describe.each(stacks())("a source at work, on $name", (stack) => {
  describe.each(SOURCES)("of the $shape shape, seed $seed", ({ shape, seed, rounds }) => {
    let journey: Journey;
    let busy: BusySource;

    beforeAll(async () => {
      journey = await openJourney(stack, { sample: { scale: 0.01, shape, seed } });
      await addIsland(journey.legacy, shape);
      const slow = await openTransaction(journey.legacy);
      await journey.completed(await journey.begin());
      await slow.commit();
      for (const service of journey.services) await service.kill("SIGTERM");
      busy = busySource(journey.legacy, shape, seed);
    }, 120_000);
    afterAll(() => journey?.close());

    it(`is told apart in ${rounds} verifications, and what is spoiled meanwhile is found`, async () => {
      const expected: string[] = [];
      let toldApart = 0;
      for (let round = 0; round < rounds; round += 1) {
        for (const [sql, said] of DEFECTS.slice(2 * round, 2 * round + 2)) {
          await journey.target.query(`update public.${sql} = ${ISLAND}`);
          expected.push(said.replace(" ", ` ${ISLAND} `));
        }
        if (round % 2 === 1 && round < 6) await busy.deleteTask();
        const found = await verifyOnce(journey, () => busy.write());
        const gone = busy.deleted.map((key) => `workflow_templates ${key} stale_row`);
        expect(found.differences, `round ${round}`).toEqual([...expected, ...gone].sort());
        toldApart = found.changedSince;
      }
      expect(busy.deleted).toEqual(TASKS);
      expect([...busy.done].filter(([, rows]) => rows === 0)).toEqual([]);
      expect(toldApart).toBeGreaterThan(200);
    }, 120_000);
  });
});
