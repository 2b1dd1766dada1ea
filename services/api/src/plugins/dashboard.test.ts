import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "@nexus/shared/telemetry";
import { describe, expect, it } from "vitest";
import { openServer } from "../server.ts";
import { serveDashboard } from "./dashboard.ts";
import { secureHeaders } from "./headers.ts";

function serving(folder?: string) {
  const log = openLog("test");
  log.level = "silent";
  const app = openServer(log);
  secureHeaders(app);
  app.after(() => serveDashboard(app, folder));
  return app;
}

describe("the dashboard's files", () => {
  it("are ours alone; the page is asked for anew, what it names is kept", async () => {
    const app = serving();
    const page = await app.inject("/");
    expect([page.statusCode, page.headers["cache-control"]]).toEqual([200, "no-cache"]);
    expect(page.headers["content-type"]).toContain("text/html");
    expect(page.headers["content-security-policy"]).toContain("script-src 'self'");
    expect(page.body).not.toMatch(/<script(?![^>]* src=)|<style|https?:/);
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const { statusCode, headers } = await app.inject(file);
      expect([file, statusCode, headers["cache-control"]]).toEqual([
        file,
        200,
        "public, max-age=31536000, immutable",
      ]);
    }
  });

  it.each([
    "/assets/../index.html",
    "/assets/%2e%2e/%2e%2e/package.json",
    "/assets/none.js",
    "/index.html",
  ])("do not include %s", async (path) => {
    expect((await serving().inject(path)).statusCode).toBeGreaterThanOrEqual(400);
  });

  it("are missed with a page that says what to run", async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "nexus-dashboard-"));
    context.onTestFinished(() => rmSync(folder, { recursive: true }));
    const { statusCode, body } = await serving(folder).inject("/");
    expect(statusCode).toBe(503);
    expect(body).toContain("npm run build");
  });
});
