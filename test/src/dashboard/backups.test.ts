/** The page of a run shows what was dumped before its first writes, and what keeps a backup from being taken. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dashboardUnderTest, openBrowser } from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

it("lists the backups of a run, and why one is not taken", async (context) => {
  const dashboard = await dashboardUnderTest(context, browser);
  await dashboard.target.query(
    `update migration.runs set backup = true where id = 3;
     insert into migration.backups (run_id, entity, tables, status, claimed_until, kept_by, file, bytes, sha256, duration_ms, error_code) values
       (3, 'practices', 'practices', 'done', '-infinity', 'folder', '/backups/run-3-practices.dump', 12345, 'ab', 1500, null),
       (3, 'cases', 'cases,projects', 'open', '-infinity', null, null, null, null, null, 'backup_disk_full')`,
  );
  const { page, faults } = await dashboard.open();
  await page.goto(`${page.url().split("#")[0]}#/runs/3`);
  const backups = page.getByRole("region", { name: "Backups before the first write" });
  await backups.getByText("/backups/run-3-practices.dump").waitFor();
  await backups.getByText("12,345").waitFor();
  await backups.getByText("failed: backup disk full").waitFor();
  expect(faults).toEqual([]);
});
