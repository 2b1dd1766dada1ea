/** How the dashboard looks, to eyes, to screen readers and to small screens. Screenshots are kept in `test-results/dashboard`. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually, remark } from "@nexus/shared/testing";
import { dashboardUnderTest, openBrowser } from "./dashboard-under-test.ts";

const SCREENSHOTS = join(process.env["NEXUS_TEST_RESULTS"] ?? "test-results", "dashboard");

/** Each view, and what shows that it is there. */
const VIEWS = [
  ["overview", "#/", "Who did what"],
  ["entity", "#/entities/patients", "Gates and ranges"],
  ["exceptions", "#/exceptions", "duplicate membership"],
  [
    "rows-of-a-reason",
    "#/exceptions?entity=patients&outcome=parked&reason=practices_not_in_target",
    "Legacy key",
  ],
  ["embeddings", "#/embeddings", "Used so far"],
  ["accounts", "#/accounts", "Users without an account"],
  ["runs", "#/runs", "Run 1"],
  ["run", "#/runs/3", "Rows by entity"],
  ["adoptions", "#/adoptions", "Adoption 3"],
  ["adoption", "#/adoptions/3", "Would be adopted"],
  ["verifications", "#/verifications", "Verification 1"],
  ["verification", "#/verifications/1", "not verified"],
  ["row", "#/rows/patients/131", "is parked"],
  ["audit", "#/audit", "the source copy was a week old"],
] as const;

/** With what axe looks for in each: all of it once, then what is different there. */
const LOOKS = [
  ["light", { colorScheme: "light" }, {}],
  ["dark", { colorScheme: "dark" }, { runOnly: ["color-contrast"] }],
  [
    "phone",
    { colorScheme: "light", viewport: { width: 360, height: 780 }, deviceScaleFactor: 2 },
    { runOnly: ["target-size", "scrollable-region-focusable"] },
  ],
] as const;

let browser: Browser | undefined;
beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

describe.each(LOOKS)("%s", (look, options, rules) => {
  it("every view can be used by everybody, and fits", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page, faults } = await dashboard.open(options);
    for (const [name, place, shows] of VIEWS) {
      await page.goto(`${dashboard.url}/${place}`);
      await page.getByText(shows).first().waitFor();
      await eventually(async () => (await page.getByText(/^(Reading|Drawing) /).count()) === 0);
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${look}.png`), fullPage: true });
      expect(await violationsOn(page, rules), name).toEqual([]);
      expect(
        await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        name,
      ).toBeLessThanOrEqual(0);
    }
    expect(faults).toEqual([]);
  });
});

describe("a dialog and the login", () => {
  it("can be used by everybody", async (context) => {
    const tokens = `sam@lab:admin:${"0".repeat(64)}`;
    const asking = await dashboardUnderTest(context, browser, { API_TOKENS: tokens });
    const login = await asking.open({ colorScheme: "dark" });
    await login.page.getByLabel("Token").waitFor();
    expect(await violationsOn(login.page)).toEqual([]);
    await login.page.screenshot({ path: join(SCREENSHOTS, "login-dark.png") });
    const open = await dashboardUnderTest(context, browser);
    const { page } = await open.open();
    await page.getByRole("button", { name: "Requeue what failed" }).click();
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(SCREENSHOTS, "dialog-light.png") });
  });
});

describe("opening it", () => {
  it("paints its first content within a second of what an empty page takes here", async (context) => {
    const { page } = await (await dashboardUnderTest(context, browser)).open();
    await page.getByText("Who did what").waitFor();
    const painted = await firstPaint(page);
    await page.goto("data:text/html,nothing");
    const empty = await firstPaint(page);
    remark("measured", `dashboard: first paint after ${painted} ms, of an empty page ${empty} ms`);
    expect(painted - empty).toBeLessThan(1_000);
  });
});

/** In whole milliseconds after the page was asked for. */
async function firstPaint(page: Page): Promise<number> {
  const look = "performance.getEntriesByName('first-contentful-paint').map((e) => e.startTime)";
  const [painted] = await eventually(
    async () => z.array(z.number()).parse(await page.evaluate(look)),
    { until: ({ length }) => length > 0 },
  );
  return Math.round(painted ?? Infinity);
}

/** What axe finds, however slight, with the places. */
async function violationsOn(page: Page, rules: object = {}): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = z
    .object({
      violations: z.array(
        z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }),
      ),
    })
    .parse(await page.evaluate(`axe.run(${JSON.stringify(rules)})`));
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
