/** The questions of an operator, each answered by the dashboard within two clicks, and what can be done there. */
import { eventually, needsVectors } from "@nexus/shared/testing";
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type DashboardUnderTest,
  dashboardUnderTest,
  openBrowser,
  type Opened,
} from "./dashboard-under-test.ts";

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => await browser?.close());

describe("within two clicks", () => {
  let dashboard: DashboardUnderTest;
  let opened: Opened;
  let clicks: number;
  beforeEach(async (context) => {
    dashboard = await dashboardUnderTest(context, browser);
    opened = await dashboard.open();
    clicks = 0;
    context.onTestFinished(() => {
      expect(clicks).toBeLessThanOrEqual(2);
      expect(opened.faults).toEqual([]);
    });
  });

  const click = async (what: Locator) => {
    clicks++;
    await what.click();
  };

  it("what is done, what is left", async () => {
    const progress = opened.page.getByRole("region", { name: "Progress" });
    await progress.getByText("16,620 of 90,039 rows done, 73,419 left").waitFor();
    expect(await progress.getByRole("definition").allTextContents()).toEqual(
      expect.arrayContaining(["16,509", "56", "55", "73,419"]),
    );
    await opened.page
      .getByRole("link", { name: /^cases gate closed 0 % waits for patients/ })
      .waitFor();
  });

  it("why it is slow, and how long it takes", async () => {
    await dashboard.target.query(
      "update migration.batches set finished_at = finished_at + (now() - (select max(finished_at) from migration.batches)) where status = 'done'",
    );
    const progress = opened.page.getByRole("region", { name: "Progress" });
    await progress.getByText(/^The target$/).waitFor();
    await progress.getByText(/% of the loaders' time goes into the target/).waitFor();
    await progress.getByText(/^likely \d/).waitFor();
  });

  it("that it stands still, and what is gone from the source", async () => {
    await dashboard.target.query(
      `update migration.batches set finished_at = finished_at - interval '5 min' where finished_at is not null;
       update migration.run_entities set moved_at = moved_at - interval '5 min';
       insert into migration.gone_rows (entity, legacy_id, found_run, run_id) values ('practice_members', 17, 3, 3), ('practice_members', 4, 3, 3);
       update migration.run_entities set gone = 2 where run_id = 3 and entity = 'practice_members'`,
    );
    const { page } = opened;
    await page
      .getByRole("alert")
      .getByText(/^Nothing has moved for \d+ s, and work is ready/)
      .waitFor();
    await click(page.getByRole("link", { name: /^practice members/ }).first());
    await page
      .getByText("2 rows of the target are gone from the source. Still there: 4, 17")
      .waitFor();
  });

  it("why the embeddings are slow, and what they cost", async (context) => {
    needsVectors(context);
    await click(opened.page.getByRole("link", { name: "Quota and cost" }));
    await opened.page.getByText("quota of requests or tokens").waitFor();
    await opened.page.getByText("$1.27 of $5.00").waitFor();
    await opened.page.getByText("at most 60").waitFor();
    await opened.page
      .getByText(/Still to come, at most: [\d,]+ content rows, .*\$\d.*at the quota of requests/)
      .waitFor();
    await opened.page.getByRole("region", { name: "Dify: filling" }).getByText("1,398").waitFor();
  });

  it("what embedding came to, day by day", async () => {
    await click(opened.page.getByRole("link", { name: "Quota and cost" }));
    await opened.page
      .getByRole("img", { name: /^Calls by day \(UTC\): 5,274 on 2 days, 2,274 on the last/ })
      .waitFor();
    await click(opened.page.getByRole("button", { name: "Cost" }));
    await opened.page
      .getByRole("img", { name: /^Cost by day \(UTC\): \$4\.\d\d on 2 days, \$1\.93 on the last/ })
      .waitFor();
  });

  it.each([
    ["page", "text/html"],
    ["Markdown", "text/markdown"],
    ["JSON", "application/json"],
  ])("the report for stakeholders, as %s", async (format, type) => {
    const report = opened.page
      .context()
      .waitForEvent("response", (one) => one.url().includes("/v1/report"));
    await click(opened.page.getByRole("link", { name: format, exact: true }));
    const answer = await report;
    expect([answer.status(), answer.headers()["content-type"]]).toEqual([
      200,
      expect.stringContaining(type),
    ]);
  });

  it("what failed, and why, down to the row", async () => {
    await click(opened.page.getByRole("link", { name: "patients: date of birth unreadable" }));
    const keys = opened.page.getByRole("rowheader");
    await keys.first().waitFor();
    expect((await keys.allTextContents()).slice(0, 3)).toEqual(["613", "1226", "1839"]);
    await click(keys.first().getByRole("link"));
    await opened.page.getByText("Rejected: date of birth unreadable").waitFor();
    await opened.page.getByText("in column date_of_birth").waitFor();
  });

  it("fix it and requeue, with the reason on record", async () => {
    const { page } = opened;
    await click(page.getByRole("button", { name: "Requeue what failed of patients" }));
    await page.getByLabel("Why?").fill("the source has its index now");
    await page.getByLabel("Your name").fill("sam@clinic");
    await click(page.getByRole("dialog").getByRole("button", { name: "Requeue what failed" }));
    await page.getByText("2 ranges of patients will be tried again in this run.").waitFor();
    await page.getByText("unverified:sam@clinic requeued patients").waitFor();
    const { rows } = await dashboard.target.query(
      `select b.status, b.generation, a.actor, a.reason from migration.batches b, migration.audit_log a
       where b.entity = 'patients' and b.seq in (31, 57) and a.entity = 'patients'`,
    );
    const requeued = {
      status: "planned",
      generation: 2,
      actor: "unverified:sam@clinic",
      reason: "the source has its index now",
    };
    expect(rows).toEqual([requeued, requeued]);
  });

  it("who did what, and why", async () => {
    await opened.page.getByText("e-mail addresses were mended in the source").waitFor();
    await click(opened.page.getByRole("link", { name: "Audit log" }));
    const line = opened.page
      .getByRole("listitem")
      .filter({ hasText: "the source copy was a week old" });
    expect(await line.innerText()).toContain("jonas@platform cancelled run 2");
  });

  it("what was run before", async () => {
    await click(opened.page.getByRole("link", { name: "Runs", exact: true }));
    await opened.page
      .getByRole("listitem")
      .filter({ hasText: /Run 2 cancelled/ })
      .waitFor();
    await click(opened.page.getByRole("link", { name: "Run 1" }));
    await opened.page.getByRole("heading", { name: /Run 1 completed/ }).waitFor();
  });
});

describe("the dashboard", () => {
  it("shows what changes without being asked, and says when the API is away", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    await page.getByText("16,620 of 90,039 rows done").waitFor();
    await dashboard.target.query(
      "update migration.run_entities set loaded = loaded + 380 where entity = 'patients'",
    );
    await page.getByText("17,000 of 90,039 rows done").waitFor();
    await dashboard.stop();
    await page.getByText(/what you see may be old/).waitFor();
    await page.getByText("17,000 of 90,039 rows done").waitFor();
  });

  it("can be used with the keyboard alone", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    await page.getByRole("button", { name: "Pause run" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("Pause run");
    await page.keyboard.press("Enter");
    await page.keyboard.type("a look at the logs");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Run 3 is paused.").waitFor();
    await page.getByText("An operator", { exact: true }).waitFor();
    const found = () => dashboard.target.query("select status from migration.runs where id = 3");
    await eventually(async () => (await found()).rows[0]?.["status"] === "paused");
  });

  it("says why something was not done, and does it not", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    await page.getByRole("button", { name: "Cancel run" }).click();
    await page.getByLabel("Why?").fill("too late");
    await dashboard.target.query(
      "update migration.runs set status = 'completed', finished_at = now() where id = 3",
    );
    await page.locator("button", { hasText: "Start a run" }).waitFor(); // The page knows it, and the question stays.
    await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
    await page
      .getByRole("alert")
      .getByText(/It was not done/)
      .waitFor();
  });

  it("cancels a run and starts the next", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    for (const [button, said] of [
      ["Cancel run", "Run 3 is cancelled."],
      ["Start a run", /^Run 4 is started\./],
    ] as const) {
      await page.getByRole("button", { name: button }).click();
      await page.getByLabel("Why?").fill("the copy was old");
      await page.getByRole("dialog").getByRole("button", { name: button }).click();
      await page.getByRole("status").getByText(said).waitFor();
    }
    await page.getByRole("heading", { name: /Run 4 planned/ }).waitFor();
    await page.getByText("no extractor has begun it yet", { exact: false }).waitFor();
  });

  it("follows a row from its legacy key", async (context) => {
    const dashboard = await dashboardUnderTest(context, browser);
    const { page } = await dashboard.open();
    await page.getByRole("link", { name: "Find a row" }).click();
    await page.getByLabel("Entity").selectOption("patients");
    await page.getByLabel("Legacy key").fill("131");
    await page.getByRole("button", { name: "Find it" }).click();
    await page.getByText("Parked: practices not in target").waitFor();
    await page.getByLabel("Legacy key").fill("99999999");
    await page.getByRole("button", { name: "Find it" }).click();
    await page.getByText("no run has planned row 99999999 of patients").waitFor();
  });
});
