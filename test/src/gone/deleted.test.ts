/** With `delete`, rows that are gone from the source go from the target, children first; what others refer to stays, and a rollback gives all back. */
import { type Client, openClient } from "@nexus/contract";
import { mutate } from "@nexus/local/sample";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "../api-here.ts";
import { embedded } from "../embedded-stack.ts";
import { type Journey, openJourney } from "../journey.ts";
import { contents, did, rolledBack } from "../rolled-back.ts";
import { verify } from "../verify.ts";
import { audited, counted, goneRows, leave, policyOf, runBelieving } from "./gone-stack.ts";

describe.each(stacks([embedded]))("rows that are gone, with delete, on $name", (stack) => {
  let journey: Journey;
  let api: Client;

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: 0.02 },
      env: { BATCH_ROWS: "100", UNDO: "on", GONE_POLICY: policyOf("delete") },
    });
    await journey.completed(await journey.begin());
  });
  afterAll(() => journey?.close());

  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    api = openClient({ url });
  });

  it("are deleted, audited, and not found by a verification; a second run writes nothing; a rollback gives them back", async () => {
    const { target, stack: servers } = journey;
    const before = await contents(target);
    await leave(journey, 5);
    await mutate({ url: servers.legacyUrl, seed: 5, share: 0.1, shape: "real" });
    const { runId, progress } = await runBelieving(journey);

    expect(await goneRows(journey)).toEqual({});
    const found = counted(progress);
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining(["patients", "cases", "projects", "case_states"]),
    );
    for (const [name, { gone, ...counts }] of Object.entries(found))
      expect(counts, name).toEqual({ archived: 0, deleted: gone, left: {} });
    expect(await audited(journey, runId)).toEqual(
      Object.entries(found)
        .map(([name, { deleted }]) => `delete_gone ${name} ${deleted}`)
        .toSorted(),
    );
    const proof = await verify(api);
    expect(proof.differences).toBe(0);

    const after = await contents(target);
    const second = await runBelieving(journey);
    expect(counted(second.progress)).toEqual({});
    expect(await contents(target)).toEqual(after);

    await rolledBack(api, second.runId);
    const plan = await rolledBack(api, runId, { plan: true });
    const back = await rolledBack(api, runId);
    expect(back.entities.map(({ left }) => left)).toEqual(back.entities.map(() => ({})));
    expect(did(back)).toEqual(did(plan));
    expect(await contents(target)).toEqual(before);
  });
});
