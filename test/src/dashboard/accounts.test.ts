/** Accounts of Supabase Auth: how many are there, who has none, who decides; and that they stand still. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dashboardUnderTest, openBrowser } from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

it("who has no account, why, and who decides about him", async (context) => {
  const dashboard = await dashboardUnderTest(context, browser);
  const { page, faults } = await dashboard.open();
  await page.getByRole("region", { name: "Accounts: making" }).getByText("352").waitFor();
  await page.getByRole("link", { name: "Who has none" }).click();
  const refused = page.getByRole("region", { name: "Why accounts are refused" });
  await refused.getByText("address taken").waitFor();
  const keys = page.getByRole("region", { name: "Users, a table" }).getByRole("rowheader");
  await keys.first().waitFor();
  expect((await keys.allTextContents()).slice(0, 2)).toEqual(["993", "994"]);
  await page.getByLabel("Decided by").selectOption("rule");
  await keys.filter({ hasText: "1001" }).waitFor();
  await page.getByText("No address", { exact: true }).first().waitFor();
  expect(faults).toEqual([]);
});

it("refused accounts are tried again, with the reason on record", async (context) => {
  const dashboard = await dashboardUnderTest(context, browser);
  const { page } = await dashboard.open();
  await page.getByRole("link", { name: "Accounts", exact: true }).click();
  await page.getByRole("button", { name: "Try what was refused again" }).click();
  await page.getByLabel("Why?").fill("the addresses are free now");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: "Try what was refused again" })
    .click();
  await page.getByText("8 accounts will be tried again.").waitFor();
  const { rows } = await dashboard.target.query(
    "select reason, details ->> 'accounts' as accounts from migration.audit_log where action = 'requeue_accounts'",
  );
  expect(rows).toEqual([{ reason: "the addresses are free now", accounts: "8" }]);
});

it("that they stand still", async (context) => {
  const dashboard = await dashboardUnderTest(context, browser);
  await dashboard.target.query(
    `update migration.accounts set settled_at = settled_at - interval '10 min';
     update migration.account_decisions set decided_at = decided_at - interval '20 min'`,
  );
  const { page } = await dashboard.open();
  await page
    .getByRole("alert")
    .getByText(/^352 accounts are due, and none has been made for \d+ s\.$/)
    .waitFor();
});
