/** In a run like the demo's every panel of every dashboard has something to draw: a real Prometheus asks for it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type ServiceProcess, stacksWithVectors } from "@nexus/shared/testing";
import { z } from "zod";
import { embedded } from "../embedded-stack.ts";
import { drained } from "../embeddings.ts";
import { type Journey, openJourney } from "../journey.ts";
import { panels } from "./dashboards.ts";
import { type Prometheus, type Scraped, startPrometheus } from "./prometheus.ts";
import { prometheusWorks } from "./promtool.ts";

/** It has scraped the end, and two points 15 seconds apart, which *Rows per second* needs. */
const OVER =
  "min(nexus_entity_settled) == 1 and max(nexus_run_active) == 0 and count_over_time(max(nexus_run_id)[5m:15s]) > 1";

// Only a real Prometheus can say what a panel would draw; where it is absent, the closing lines say so.
describe.skipIf(!prometheusWorks())("after a run", () => {
  let journey: Journey;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const stack = stacksWithVectors([embedded]).at(-1) ?? embedded;
    const status = { METRICS_PORT: "0", API_PORT: "0" };
    journey = await openJourney(stack, { env: status, loaders: 2, embedders: 1 });
    await journey.start("api");
    prometheus = await startPrometheus(await Promise.all(journey.services.map(scraped)));
    await journey.completed(await journey.begin({ embeddings: true }));
    await drained(journey.target);
    await eventually(() => prometheus.ask(OVER), {
      until: (over) => over.length > 0,
      within: 45_000,
      every: 500,
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await journey?.close();
  });

  it.each(panels)("$uid, $title: has data", async ({ targets }) => {
    for (const { expr } of targets) {
      const here = expr.replaceAll("$namespace", ".*");
      expect(await prometheus.ask(here), expr).not.toEqual([]);
    }
  });

  it("an expression without data would be told from one with it", async () => {
    expect(await prometheus.ask("nexus_rows_lost")).toEqual([]);
    expect(await prometheus.ask("0 * nexus_run_active / 0")).toEqual([]);
    expect(await prometheus.ask("max(nexus_rows_read)")).not.toEqual([0]);
  });
});

async function scraped(service: ServiceProcess): Promise<Scraped> {
  const { metricsPort } = await service.waitForLine({ msg: "ready" });
  return { service: service.name, port: z.number().parse(metricsPort) };
}
