/** Evidence of a source that has a table without a row. */
import { openClient } from "@nexus/contract";
import { mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { verify } from "./verify.ts";

describe.each(mostReal(stacks([embedded])))("an empty table of the source, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.01 } });
    await journey.legacy.query(
      "truncate dispatch_office_doctors; truncate dispatch_template cascade",
    );
    await journey.completed(await journey.begin());
  });
  afterAll(() => journey?.close());

  it("is verified, and the run is signed off", async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    const { entities } = await verify(api);
    expect(entities.map(({ status, differences }) => [status, differences])).toEqual(
      entities.map(() => ["proved", 0]),
    );
    expect(entities.filter(({ rows }) => rows === 0).map(({ entity }) => entity)).toEqual([
      "practice_members",
      "workflow_templates",
    ]);
    const { evidence } = await api.call("POST /v1/evidence", { body: {} });
    expect(evidence.refusals).toEqual([]);
  });
});
