/** The first view shows how far behind a source that is followed the target is, on a phone, too. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dashboardUnderTest, openBrowser } from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

it("says how far behind each entity is, and that the source is spared", async (context) => {
  const dashboard = await dashboardUnderTest(context, browser);
  await dashboard.target.query(
    `insert into migration.syncs (every_seconds, asked, actor, run_id, deltas, source_ms, source_limit_ms, measured_at, paused_since)
     values (300, '{"embeddings": false, "codes": "{}"}', 'jonas@platform', 3, 12, 900, 500, now(), now())`,
  );
  const phone = { viewport: { width: 360, height: 780 } };
  const { page, faults } = await dashboard.open(phone);
  const following = page.getByRole("region", { name: "Following the source" });
  await following
    .getByText(
      "A delta every 5 min, 12 deltas so far. They wait for the source, which answers in 900 ms",
    )
    .waitFor();
  await following.getByRole("rowheader", { name: "case states" }).waitFor();
  const wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  expect(wider).toBeLessThanOrEqual(0);
  await dashboard.target.query(
    "update migration.syncs set stopped_at = now(), stop_code = 'cutover_began', stopped_by = 'sam@clinic', paused_since = null",
  );
  await following.getByText(/^Not any more since .*: a cut-over began/).waitFor();
  expect(faults).toEqual([]);
});
