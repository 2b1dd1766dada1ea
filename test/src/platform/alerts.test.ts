/** Alerts fire when they should and only then, speak of metrics that exist, and have a runbook. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { type AlertCase, alertCases } from "./alert-cases.ts";
import { metricsIn, scrapes, seriesOf } from "./exported.ts";
import { read, ROOT, yaml } from "./files.ts";
import { seriesIn } from "./promql.ts";
import { promtoolWorks } from "./promtool.ts";

const FILE = "observability/prometheus/alerts.yml";
const RUNBOOKS = "https://docs.example/smile-nexus-migration/runbooks/";

const rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(["critical", "warning"]) }),
  annotations: z.strictObject({ summary: z.string(), runbook_url: z.string() }),
});
const { groups } = yaml(
  read(FILE),
  z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(rule) })) }),
);
const rules = groups.flatMap((group) => group.rules);

describe.each(rules)("$alert", ({ alert, expr, annotations }) => {
  let exported: readonly string[];

  beforeAll(async () => {
    exported = [...(await scrapes()).values()].flatMap(metricsIn).flatMap(seriesOf);
  });

  it("speaks of metrics that the services export", () => {
    const series = seriesIn(expr);
    expect(series.length).toBeGreaterThan(0);
    expect(series.filter((name) => name !== "up" && !exported.includes(name))).toEqual([]);
  });

  it("has a runbook that names it", () => {
    const page = `docs/runbooks/${annotations.runbook_url.replace(RUNBOOKS, "")}.md`;
    expect(existsSync(join(ROOT, page)), page).toBe(true);
    expect(read(page)).toContain(alert);
  });

  it("has a world in which it fires", () => {
    expect(alertCases.map((one) => one.alert)).toContain(alert);
  });
});

describe("the alerts", () => {
  it("are those of the manifests", async () => {
    const manifest = {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name: "nexus", labels: { release: "kube-prometheus-stack" } },
      spec: { groups },
    };
    const note = `# Made of ${FILE} by test/src/platform/alerts.test.ts; not to be edited (update: vitest -u).\n`;
    await expect(note + stringify(manifest)).toMatchFileSnapshot(
      join(ROOT, "k8s/components/monitoring-shared/alerts.yaml"),
    );
  });

  it("do not pass with a metric that nobody exports, or with broken PromQL", () => {
    expect(seriesIn("rate(nexus_rows_lost_total[5m])")).toEqual(["nexus_rows_lost_total"]);
    expect(() => seriesIn("sum(nexus_rows")).toThrow("not PromQL");
  });
});

// Only promtool itself can say whether Prometheus takes the rules and fires them; where it is absent, the closing lines name what was left out.
describe.skipIf(!promtoolWorks())("promtool", () => {
  it("accepts the rules and Prometheus' configuration", () => {
    for (const [what, file] of [
      ["rules", FILE],
      ["config", "observability/prometheus/prometheus.yml"],
    ] as const) {
      const { status, stdout, stderr } = spawnSync("promtool", ["check", what, file], {
        cwd: ROOT,
        encoding: "utf8",
      });
      expect(status, stdout + stderr).toBe(0);
    }
  });

  it.each(alertCases)("sees $alert fire, and be silent", (one) => {
    expect(outcomeOf(one, [one.fires], true)).toEqual("as expected");
    expect(outcomeOf(one, [one.silent], false)).toEqual("as expected");
    expect(outcomeOf(one, [one.silent], true), "a test that cannot fail").toContain("FAILED");
  });

  it.each(alertCases)("sees $alert fire where it should, of two environments", (one) => {
    const { labels } = one;
    const production = { ...one, labels: { ...labels, namespace: "nexus" } };
    const well = [within("nexus", one.silent), within("nexus-staging", one.silent)];
    expect(outcomeOf(one, well, false)).toEqual("as expected");
    const ill = [within("nexus", one.fires), within("nexus-staging", one.silent)];
    expect(outcomeOf(production, ill, true)).toEqual("as expected");
  });
});

type World = AlertCase["fires"];

/** A world as it is scraped in a namespace. */
function within(namespace: string, world: World): World {
  const named = Object.entries(world).map(([series, values]) => {
    const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})?$/.exec(series) ?? [];
    return [`${name}{${labels === "" ? "" : `${labels},`}namespace="${namespace}"}`, values];
  });
  return Object.fromEntries(named);
}

/** What promtool says if the alert is expected to fire, or not to, where all of these worlds are scraped. */
function outcomeOf(one: AlertCase, worlds: readonly World[], fires: boolean): string {
  const { annotations, labels } = rules.find(({ alert }) => alert === one.alert) ?? {};
  const fired = { exp_labels: { ...labels, ...one.labels }, exp_annotations: annotations };
  const test = {
    interval: "1m",
    input_series: worlds.flatMap((world) =>
      Object.entries(world).map(([series, values]) => ({ series, values })),
    ),
    alert_rule_test: [{ eval_time: "40m", alertname: one.alert, exp_alerts: fires ? [fired] : [] }],
  };
  const folder = mkdtempSync(join(tmpdir(), "nexus-alerts-"));
  try {
    const file = join(folder, "test.yml");
    writeFileSync(
      file,
      stringify({ rule_files: [join(ROOT, FILE)], evaluation_interval: "1m", tests: [test] }),
    );
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], {
      encoding: "utf8",
    });
    return status === 0 ? "as expected" : `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
