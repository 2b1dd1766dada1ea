/** Verifications in the dashboard: what differs, what is not known, and how one is asked for. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dashboardUnderTest, openBrowser } from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

describe("the page of verifications", () => {
  it("says of each entity what differs beside its progress, and of which nothing is known", async (context) => {
    const { page, faults } = await (await dashboardUnderTest(context, browser)).open();
    await page.getByRole("link", { name: "Verifications", exact: true }).click();
    expect(await page.title()).toBe("Verifications · Smile Nexus Migration");
    await page.getByText("Run 3 is active: a verification waits until it is over.").waitFor();
    await page
      .getByRole("listitem")
      .filter({ hasText: "30 differences" })
      .filter({ hasText: "vectors of 12 rows pending; 2 entities not verified" })
      .waitFor();
    await page.getByRole("link", { name: "Verification 1" }).click();
    await page.getByRole("heading", { name: "30 differences" }).waitFor();
    const table = page.getByRole("region", { name: "Entities, a table" });
    await table.getByText("100 %").first().waitFor();
    const rows = await table.getByRole("row").allInnerTexts();
    expect(rows.slice(1).map((row) => row.split(/\s+/).join(" "))).toEqual([
      "practices 100 % no difference 120 0 no content",
      "profiles 100 % 30 differences 8,340 changed cell 29 missing row 1 4 no content",
      "patients 59.7 % not verified its mapping, or a parent's, is written down once only 0 0 5,000 rows 12 pending",
      "cases 0 % not verified no run has read a row of it 0 0 0 rows",
    ]);
    expect(faults).toEqual([]);
  });

  it("is summed up on the overview: of each entity the newest beside its progress, or that it is not verified", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    await dashboard.target.query(
      `insert into migration.proofs (kind, status, asked, actor, created_at, finished_at)
       values ('verification', 'done', '{"entities": ["practices"], "range": null, "sample": 5}', 'sam', now() - interval '1 h', now()),
         ('verification', 'failed', '{"entities": null, "range": null, "sample": null}', 'sam', now(), now());
       insert into migration.proof_entities (proof_id, entity, position, status, rows, counts)
       values (2, 'practices', 0, 'proved', 6, '{}'), (3, 'profiles', 1, 'proved', 8340, '{}')`,
    );
    const { page, faults } = await dashboard.open();
    const table = page.getByRole("region", { name: "Loaded and verified, a table" });
    await table.getByRole("row").nth(8).waitFor();
    const rows = await table.getByRole("row").allInnerTexts();
    expect(
      rows.slice(1).map((row) =>
        row
          .replaceAll(/, \d+ \w+, [\d:]+/g, "")
          .split(/\s+/)
          .join(" "),
      ),
    ).toEqual([
      "practices 100 % not verified no difference, but a run or an adoption has written since; only 5 % of the rows were compared; verification 2",
      "profiles 100 % 30 differences a run or an adoption has written since; 4 rows changed in the source since; verification 1",
      "patients 59.7 % not verified its mapping, or a parent's, is written down once only; verification 1",
      "cases 0 % not verified no run has read a row of it; verification 1",
      "projects 0 % not verified no verification has looked at it",
      "practice members 100 % not verified no verification has looked at it",
      "case states 0 % not verified no verification has looked at it",
      "workflow templates 100 % not verified no verification has looked at it",
    ]);
    expect(faults).toEqual([]);
  });

  it("lists the differences a page at a time, and those of one kind", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    await page.goto(`${dashboard.url}/#/verifications/1`);
    const keys = page.getByRole("region", { name: "Rows, a table" }).getByRole("rowheader");
    await keys.nth(24).waitFor();
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByRole("row", { name: /^34 .* no: the source has changed it since$/ }).waitFor();
    expect(await keys.count()).toBe(9);
    await page.getByRole("link", { name: "missing row" }).click();
    await page.getByRole("row", { name: "30 profiles the row missing row" }).waitFor();
    expect(await keys.allInnerTexts()).toEqual(["30"]);
    await page.getByLabel("Kind").selectOption("stale_row");
    await page.getByText("No difference is listed.").waitFor();
  });

  it("asks for one, with the reason on record, and not for a second one", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    await dashboard.target.query(
      "update migration.runs set status = 'completed', finished_at = now() where id = 3",
    );
    const { page } = await dashboard.open();
    const ask = async () => {
      await page.getByRole("link", { name: "Verifications", exact: true }).click();
      await page.getByRole("button", { name: "Verify everything" }).press("Enter");
      await page.getByLabel("Why?").fill("before the switch");
      await page.getByRole("dialog").getByRole("button", { name: "Verify everything" }).click();
    };
    await ask();
    await page.getByRole("heading", { name: "Verification 2 open" }).waitFor();
    await page.getByText("Entities are listed as they are done.").waitFor();
    await ask();
    await page.getByText(/It was not done: /).waitFor();
    const { rows } = await dashboard.target.query(
      "select action, reason from migration.audit_log where action = 'verify'",
    );
    expect(rows).toEqual([{ action: "verify", reason: "before the switch" }]);
  });
});
