/** The dashboard of a real API process, in a real browser. */
import { openPool, type Pool } from "@nexus/shared/database";
import {
  findBrowser,
  freshRedis,
  remark,
  type TestContext,
  untilFileEnds,
} from "@nexus/shared/testing";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { startApiHere } from "../api-here.ts";
import { preparedTarget } from "./prepared-target.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Undefined, and said once, where no browser is installed. */
export async function openBrowser(): Promise<Browser | undefined> {
  const executablePath = findBrowser();
  if (executablePath === undefined) {
    remark("stack missing", "no browser here: install chromium; the dashboard was not looked at");
    return undefined;
  }
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  browser.on(
    "disconnected",
    untilFileEnds(() => browser.close()),
  );
  remark("stack used", `browser: Chromium ${browser.version()}`);
  return browser;
}

export interface DashboardUnderTest {
  readonly url: string;
  readonly target: Pool;
  /** A page on its first view. What the page asked of elsewhere, or refused to run, is in `faults`. */
  open(options?: BrowserContextOptions): Promise<Opened>;
  /** Ends the API. */
  stop(): Promise<void>;
}

export interface Opened {
  readonly page: Page;
  readonly faults: readonly string[];
}

/** An API of this test alone on a prepared target. `env` is added to its environment. */
export async function dashboardUnderTest(
  context: TestContext,
  browser: Browser | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<DashboardUnderTest> {
  const opened = browser ?? context.skip("no browser");
  const targetUrl = await preparedTarget(context);
  const servers = { legacyUrl: "", targetUrl, queueUrl: await freshRedis(context) };
  const target = openPool({ url: targetUrl, max: 2, name: "test", onError: () => undefined });
  context.onTestFinished(() => target.end());
  const { url, stop } = await startApiHere(context, servers, { EMBEDDINGS: "off", ...env });
  return { url, target, stop, open: (options) => openPage(context, opened, url, options) };
}

async function openPage(
  context: TestContext,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const visit = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await visit.newPage();
  page.setDefaultTimeout(120_000); // Playwright measures time by the wall: what is slow must not be red.
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on(
    "console",
    (line) => line.text().includes("Content Security Policy") && faults.push(line.text()),
  );
  page.on(
    "request",
    (request) => request.url().startsWith(url) || faults.push(`asked for ${request.url()}`),
  );
  context.onTestFinished(() => visit.close());
  await page.goto(url);
  return { page, faults };
}
