import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { difyUnderTest, idle } from "./dify.fixture.ts";
import { openDifyMetrics } from "./metrics.ts";

it("the metrics of Dify count documents, requests by outcome, and what the budget put off", async (context) => {
  const dify = await difyUnderTest(context);
  const register = new Registry();
  const { watchDify, watchBudget } = openDifyMetrics(register);
  const plain = await dify.consumer();
  const waited: number[] = [];
  const consumer = {
    ...plain,
    dify: watchDify(plain.dify),
    budget: watchBudget(plain.budget),
    consumed: (seconds: number) => void waited.push(seconds),
  };
  const practice = await dify.practice("Mine");
  const [kept, gone] = [
    await dify.newCase("Upper arch", practice),
    await dify.newCase("Night guard", practice),
  ];
  dify.server.change({ faults: { create: [{ fault: "rate-limited", calls: 1 }] } });
  await dify.offer("case", [kept, gone]);
  await dify.work(idle, [consumer]);
  await dify.rename(kept, "Lower arch");
  await dify.target.query(`delete from public.cases where id = $1`, [gone]);
  await dify.work(idle, [consumer]);
  await dify.target.query(
    `update migration.rate_budget set blocked_until = clock_timestamp() + interval '1 hour'`,
  );
  await dify.rename(kept, "Lower arch, again");
  await dify.work(({ status }) => status !== "idle", [consumer]);
  const text = await register.metrics();
  for (const line of [
    `nexus_dify_documents_total{change="updated"} 1`,
    `nexus_dify_documents_total{change="deleted"} 1`,
    `nexus_dify_request_seconds_count{outcome="throttled"} 1`,
    `nexus_dify_request_seconds_count{outcome="stop"} 0`,
    `nexus_dify_waits_total{reason="unavailable"} 0`,
  ])
    expect(text).toContain(`${line}\n`);
  // Dify did not say that it created what it was too late for: that document is found by its name.
  expect(text).toMatch(/nexus_dify_documents_total\{change="created"\} [12]\n/);
  expect(
    Number(/nexus_dify_waits_total\{reason="rate_limit"\} (\d+)/.exec(text)?.[1]),
  ).toBeGreaterThan(0);
  expect(waited.length).toBeGreaterThan(0);
  expect(waited.every((seconds) => seconds >= 0 && seconds < 60)).toBe(true);
});
