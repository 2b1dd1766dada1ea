/** Forecasts and verifications by the real services. */
import { nexusHere } from "@nexus/cli/nexus-here";
import { type Client, type ForecastView, openClient } from "@nexus/contract";
import { eventually, lockWaits, mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { verify } from "./verify.ts";

describe.each(mostReal(stacks([embedded])))("proofs, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack);
  });
  afterAll(() => journey?.close());

  it("say the same as a run before it and after it, and find what is done to the target", async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    const before = await forecast(api);
    const runId = await journey.begin();
    const progress = await journey.completed(runId);
    for (const { entity, loaded, rejected, parked, inserted, updated } of progress)
      expect(before.get(entity), entity).toMatchObject({
        status: "proved",
        loaded,
        rejected,
        parked,
        inserted,
        updated,
      });
    expect(await differences(api)).toEqual([]);
    const after = await forecast(api);
    for (const { entity, loaded } of progress)
      expect(after.get(entity), entity).toMatchObject({ unchanged: loaded, inserted: 0 });

    await journey.target.query(
      `update public.practices set name = left(name, 3) where legacy_id = (select min(legacy_id) from public.practices where length(name) > 3);
       update public.case_states set created_at = created_at + interval '2 hours' where legacy_id = (select min(legacy_id) from public.case_states);
       delete from public.workflow_templates where legacy_id = (select min(legacy_id) from public.workflow_templates)`,
    );
    expect((await differences(api)).map((one) => one.replace(/ \d+ /, " "))).toEqual([
      "practices name truncated_text",
      "case_states created_at shifted_time",
      "workflow_templates null missing_row",
    ]);
  });

  it("are asked for by preflight too, where all is ready", async (context) => {
    const { legacyUrl, targetUrl } = journey.stack;
    const servers = { LEGACY_URL: legacyUrl, TARGET_URL: targetUrl };
    const { url } = await startApiHere(context, journey.stack);
    const env = { ...servers, NEXUS_API_URL: url };
    const told = await nexusHere(["preflight", "--forecast"], env);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(
      /^both databases are ready\nforecast \d+: what a run would do now/m,
    );
    const json = await nexusHere(["preflight", "--forecast", "--json"], env);
    const known = JSON.parse(json.stdout).forecast.entities.map(
      (one: { entity: string }) => one.entity,
    );
    expect(known).toHaveLength(8);
    const alone = { ...servers, NEXUS_API_URL: "http://127.0.0.1:1" };
    for (const form of [[], ["--json"]]) {
      const { code, stdout } = await nexusHere(["preflight", "--forecast", ...form], alone);
      expect([code, stdout]).toEqual([3, expect.stringContaining("ready")]);
    }
    const unready = await nexusHere(["preflight", "--forecast", "--json"], {
      ...env,
      TARGET_URL: legacyUrl,
    });
    expect(unready.code).toBe(2);
    expect(JSON.parse(unready.stdout)).not.toHaveProperty("forecast");
  });

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

async function forecast(
  api: Client,
): Promise<ReadonlyMap<string, ForecastView["entities"][number]>> {
  const { id } = await api.call("POST /v1/forecasts", { body: {} });
  const look = () => api.call("GET /v1/forecasts/:id", { params: { id: String(id) } });
  const done = await eventually(look, {
    until: ({ status }) => status !== "open",
    within: 120_000,
  });
  expect(done).toMatchObject({ status: "done", errorCode: null });
  return new Map(done.entities.map((one) => [one.entity, one]));
}

/** Verifies, and returns each difference as `entity id column kind`. */
async function differences(api: Client): Promise<string[]> {
  const done = await verify(api);
  expect(done.entities.filter(({ status }) => status !== "proved")).toEqual([]);
  const [params, query] = [{ id: String(done.id) }, { limit: 1_000 }];
  const { items } = await api.call("GET /v1/verifications/:id/differences", { params, query });
  return items.map(({ entity, legacyId, column, kind }) =>
    [entity, legacyId, column ?? "null", kind].join(" "),
  );
}
