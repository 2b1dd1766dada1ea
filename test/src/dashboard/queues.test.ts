/** Bull Board in a real browser, where nothing but the API can be reached. */
import { createHash, randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dashboardUnderTest, openBrowser } from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

describe("the board of the queues", () => {
  it("opens for an admin without asking any other server, and without an error", async (context) => {
    const secret = randomBytes(32).toString("hex");
    const tokens = `ada@lab:admin:${createHash("sha256").update(secret).digest("hex")}`;
    const dashboard = await dashboardUnderTest(context, browser, { API_TOKENS: tokens });
    const { page, faults } = await dashboard.open({
      httpCredentials: { username: "ada", password: secret, send: "always" },
    });
    await page.getByLabel("Token").waitFor();
    await page.waitForLoadState("networkidle");
    const errors: string[] = [];
    page.on("console", (line) => line.type() === "error" && errors.push(line.text()));
    page.on("requestfailed", (request) => errors.push(request.url()));
    await page.goto(`${dashboard.url}/queues`);
    await page.getByText("load-patients").first().waitFor();
    await page.getByText("load-patients").first().click();
    await page.waitForURL(/load-patients/);
    expect({ faults, errors }).toEqual({ faults: [], errors: [] });
  });
});
