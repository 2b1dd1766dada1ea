/** The dashboard where the API asks for tokens. */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dashboardUnderTest, openBrowser } from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

describe("with tokens", () => {
  const secrets = { viewer: secret(), operator: secret() };
  const tokens = `vera@lab:viewer:${sha256(secrets.viewer)},otto@lab:operator:${sha256(secrets.operator)}`;

  it("shows a viewer everything but the audit log, and no way to change it", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser, { API_TOKENS: tokens });
    const { page } = await dashboard.open();
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("The API does not know this token.").waitFor();
    await page.getByLabel("Token").fill(secrets.viewer);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("16,620 of 90,039 rows done").waitFor();
    await page.getByText("The audit log is for admins; you are viewer.").waitFor();
    expect(await page.getByRole("button").allTextContents()).toEqual(["Dark colours", "Log out"]);
    await dashboard.target.query("update migration.runs set status = 'completed' where id = 3");
    await page.getByRole("heading", { name: "Run 3 completed" }).waitFor();
    for (const [place, shows] of [
      ["Adoptions", "Adoption 3"],
      ["Verifications", "Verification 1"],
    ] as const) {
      await page.getByRole("link", { name: place, exact: true }).click();
      await page.getByRole("link", { name: shows }).waitFor();
      expect(await page.getByRole("button").allTextContents()).toEqual(["Dark colours", "Log out"]);
    }
    expect(await page.context().cookies()).toEqual([]);
    await page.reload();
    await page.getByText("vera@lab, viewer").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.evaluate("sessionStorage.length + localStorage.length")).toBe(0);
  });

  it("saves the report of a run, which a link could not ask for", async (context) => {
    const { page } = await (
      await dashboardUnderTest(context, browser, { API_TOKENS: tokens })
    ).open();
    await page.getByLabel("Token").fill(secrets.viewer);
    await page.getByRole("button", { name: "Log in" }).click();
    const saved = page.waitForEvent("download");
    await page.getByRole("link", { name: "Markdown" }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe("report-of-run-3.md");
    expect(await readFile(await download.path(), "utf8")).toMatch(/^# /);
    await page.getByRole("status").getByText("report-of-run-3.md is saved.").waitFor();
  });

  it("puts an operator's own name on record", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser, { API_TOKENS: tokens });
    const { page } = await dashboard.open();
    await page.getByLabel("Token").fill(secrets.operator);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("button", { name: "Pause run" }).click();
    await page.getByLabel("Why?").fill("a look");
    await page.getByRole("dialog").getByRole("button", { name: "Pause run" }).click();
    await page.getByText("Run 3 is paused.").waitFor();
    const { rows } = await dashboard.target.query(
      "select actor, reason from migration.audit_log where action = 'pause'",
    );
    expect(rows).toEqual([{ actor: "otto@lab", reason: "a look" }]);
  });
});

function secret(): string {
  return randomBytes(32).toString("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
