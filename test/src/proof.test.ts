/** Forecasts and verifications by the real services. */
import { openClient } from "@nexus/contract";
import { eventually, lockWaits, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";

describe.each(stacks([embedded]))("proofs, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack);
  });
  afterAll(() => journey?.close());

  it("leave nothing but an open proof where their extractor is killed, and go on", async (context) => {
    if (stack.name !== "servers")
      context.skip("holding a lock while others work takes a server of many sessions");
    const { target, services } = journey;
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    const holder = await target.connect();
    await holder.query("begin; lock table public.cases in access exclusive mode");
    const { id } = await api.call("POST /v1/forecasts", { body: {} });
    const look = () => api.call("GET /v1/forecasts/:id", { params: { id: String(id) } });
    await eventually(async () => (await lockWaits(target)) > 0 || (await look()).status, {
      until: (found) => found !== "open",
      within: 120_000,
    });
    await services[0]?.kill("SIGKILL");
    expect(await look()).toMatchObject({ status: "open" });
    await holder.query("rollback");
    holder.release();
    const temporary = () =>
      target.query("select from pg_class where relpersistence = 't' and relkind = 'r'");
    await eventually(async () => (await temporary()).rowCount === 0, { within: 60_000 });
    await journey.start("extractor");
    const done = await eventually(look, {
      until: ({ status }) => status !== "open",
      within: 120_000,
    });
    expect(done.status).toBe("done");
    expect(done.entities.map(({ entity }) => entity)).toHaveLength(8);
  });
});
