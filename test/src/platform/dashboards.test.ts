/** Each panel says what it shows, in which unit, where to read on, and asks for metrics that exist. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { dashboards, files, panel, panels } from "./dashboards.ts";
import { metricsIn, scrapes, seriesOf } from "./exported.ts";
import { read, ROOT } from "./files.ts";
import { selectorsIn, seriesIn } from "./promql.ts";

describe("the dashboards", () => {
  it("are the five, under their own names, all of them in the config map", () => {
    expect(dashboards.map(({ uid }) => `${uid.replace("nexus-", "")}.json`)).toEqual(files);
    expect(files).toHaveLength(5);
    for (const file of files)
      expect(read("observability/grafana/kustomization.yaml")).toContain(`dashboards/${file}`);
    expect(read("docker-compose.yml")).toContain("/var/lib/grafana/dashboards/overview.json");
  });

  it.each(dashboards)("$title: asks for the environment", ({ templating }) => {
    expect(templating.list.map(({ name }) => name)).toContain("namespace");
  });

  it.each(dashboards)("$title: no panel lies on another", ({ panels }) => {
    for (const { id, gridPos: a } of panels) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      const over = panels.filter(
        ({ id: other, gridPos: b }) =>
          other > id && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
      );
      expect(over.map(({ title }) => title)).toEqual([]);
    }
  });
});

describe("a panel", () => {
  let exported: readonly string[];

  beforeAll(async () => {
    exported = [...(await scrapes()).values()].flatMap(metricsIn).flatMap(seriesOf);
  });

  it.each(panels)("$uid, $title: asks for metrics that the services export", ({ targets }) => {
    for (const { expr } of targets) {
      const series = seriesIn(expr);
      expect(series.length).toBeGreaterThan(0);
      expect(
        series.filter((name) => !exported.includes(name)),
        expr,
      ).toEqual([]);
    }
  });

  it.each(panels)("$uid, $title: shows one environment, and only what is ours", ({ targets }) => {
    for (const selector of targets.flatMap(({ expr }) => selectorsIn(expr))) {
      expect(selector).toContain('namespace=~"$namespace"');
      if (!selector.startsWith("nexus_")) expect(selector).toContain('job=~"(.+/)?nexus"');
    }
  });

  it.each(panels)("$uid, $title: leads to a runbook", ({ links: [{ url }] }) => {
    const page = url.replace("${runbooks}", "docs/runbooks");
    expect(existsSync(join(ROOT, `${page}.md`)), page).toBe(true);
  });

  it.each(["description", "fieldConfig", "links", "targets"])(
    "would not pass without its %s",
    (field) => {
      const { [field]: _, ...rest } = z.record(z.string(), z.unknown()).parse(panels[0]);
      expect(panel.safeParse(rest).success).toBe(false);
    },
  );
});
