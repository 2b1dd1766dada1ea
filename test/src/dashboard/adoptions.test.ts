/** Adoptions in the dashboard: what they found, and what an operator can do. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DashboardUnderTest,
  dashboardUnderTest,
  openBrowser,
} from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

describe("the page of adoptions", () => {
  it("says by which keys rows are known, what is left alone and why, and what the first run will change", async (context) => {
    const { page, faults } = await (await dashboardUnderTest(context, browser)).open();
    await page.getByRole("link", { name: "Adoptions" }).click();
    await page.getByText("Run 3 is active: adoptions wait until it is over.").waitFor();
    await page.getByRole("link", { name: "Adoption 3" }).click();
    await page.getByRole("heading", { name: "Adoption 3: plan done" }).waitFor();
    const cells = page.getByRole("row", { name: /^profiles 512/ }).getByRole("cell");
    await cells.first().waitFor();
    expect(await cells.allInnerTexts()).toEqual([
      "512",
      "474",
      "metadata.legacy_user_id 271\nemail 203",
      "no match 36\nduplicate 2",
      "12 of 474 rows\nrole 11\nemail 3",
    ]);
    await page
      .getByText("holds 275 numbers, 275 are keys of the source, 258 of 260 agree")
      .waitFor();
    expect(faults).toEqual([]);
  });

  it("lists what is left alone by its ids, a page at a time, and one reason alone", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    await page.goto(`${dashboard.url}/#/adoptions/3`);
    const ids = page.getByRole("region", { name: "Rows, a table" }).getByRole("rowheader");
    await ids.nth(24).waitFor();
    const first = await ids.allInnerTexts();
    await page.getByRole("button", { name: "Next page" }).click();
    await page.locator("button:disabled", { hasText: "Next page" }).waitFor();
    expect(new Set([...first, ...(await ids.allInnerTexts())]).size).toBe(38);
    await page.getByRole("link", { name: "duplicate" }).click();
    const children = page.getByRole("row", { name: /profiles duplicate 4711 email [03]$/ });
    await children.nth(1).waitFor();
    expect(await ids.count()).toBe(2);
    expect(new URL(page.url()).hash).toBe("#/adoptions/3?entity=profiles&reason=duplicate");
    await page.getByLabel("Reason").selectOption("contradicted");
    await page.getByText("No row is listed.").waitFor();
  });

  it("is reached by the keyboard alone, and has a title", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    await endRun(dashboard);
    await page.locator("button", { hasText: "Start a run" }).waitFor();
    await tabTo(page, "Adoptions");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Adoptions" }).waitFor();
    expect(await page.title()).toBe("Adoptions · Smile Nexus Migration");
    await page.getByRole("button", { name: "Plan an adoption" }).waitFor();
    await tabTo(page, "Plan an adoption");
    await page.keyboard.press("Enter");
    await page.keyboard.type("what is there");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Adoption 4: plan open" }).waitFor();
  });

  it("plans, gives up, adopts and takes back, each with its reason on record", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    await endRun(dashboard);
    const { page } = await dashboard.open();
    await page.getByRole("link", { name: "Adoptions" }).click();
    const back = page.getByRole("link", { name: "All adoptions" });
    await doIt(page, "Undo", /It was not done: .*nothing/);
    await page.getByRole("button", { name: "Leave it" }).click();
    await doIt(page, "Plan an adoption", "Adoption 4 is asked for: an extractor does it.");
    await page.getByText("Entities are listed as they are done.").waitFor();
    await doIt(page, "Cancel adoption", "Adoption 4 is cancelled.");
    await page.getByRole("heading", { name: "Adoption 4: plan cancelled" }).waitFor();
    await back.click();
    await doIt(page, "Adopt", "Adoption 5 is asked for: an extractor does it.");
    await dashboard.target.query(
      `update migration.adoptions set status = 'done', finished_at = now() where id = 5;
       insert into migration.adopted_rows (entity, id, legacy_key, via, adoption_id) values ('profiles', gen_random_uuid(), 1, 'email', 5)`,
    );
    await page.getByRole("heading", { name: "Adoption 5: keys given done" }).waitFor();
    await back.click();
    await doIt(page, "Undo", "Adoption 6 is asked for: an extractor does it.");
    const { rows } = await dashboard.target.query(
      "select action, reason from migration.audit_log where action like '%adopt%' order by id",
    );
    const reason = "as agreed";
    expect(rows).toEqual(
      ["plan_adoption", "cancel_adoption", "adopt", "undo_adoption"].map((action) => ({
        action,
        reason,
      })),
    );
  });
});

async function endRun({ target }: DashboardUnderTest): Promise<void> {
  await target.query(
    "update migration.runs set status = 'completed', finished_at = now() where id = 3",
  );
}

/** Presses a button, answers its question, and waits for what is said. */
async function doIt(page: Page, label: string, said: string | RegExp): Promise<void> {
  await page.getByRole("button", { name: label, exact: true }).click();
  await page.getByLabel("Why?").fill("as agreed");
  await page.getByRole("dialog").getByRole("button", { name: label, exact: true }).click();
  await page.getByText(said).waitFor();
}

/** Goes on with the key until what has this text has the focus. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let steps = 0; steps < 60; steps++) {
    await page.keyboard.press("Tab");
    if ((await page.locator(":focus").innerText()) === text) return;
  }
  throw new Error(`no step of the keyboard leads to ${text}`);
}
