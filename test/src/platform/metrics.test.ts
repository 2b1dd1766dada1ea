/** What the services export: documented, well named, complete from the start, and silent about people. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { entities } from "@nexus/catalog";
import { NO_ACCOUNT } from "@nexus/shared/states";
import { beforeAll, describe, expect, it } from "vitest";
import { type ExportedMetric, metricsIn, scrapes } from "./exported.ts";
import { ROOT } from "./files.ts";
import { promtoolWorks } from "./promtool.ts";

let texts: ReadonlyMap<string, string>;

beforeAll(async () => {
  texts = await scrapes();
});

/** Labels of Node's own metrics. */
const OF_NODE = new Set(["version", "major", "minor", "patch", "kind", "space", "type"]);
/** The words that our labels may be made of. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  entity: entities.map(({ name }) => name),
  queue: [...entities.map(({ name }) => `load-${name}`), "content"],
  server: ["legacy", "target"],
  outcome:
    `loaded rejected parked excluded done later hand_back error embedded throttled stop item retry aborted answered gone busy taken closed`.split(
      " ",
    ),
  state: `used idle waiting open done failed offered indexing due unwanted removing`.split(" "),
  code: ["address_taken", "other"],
  change: ["inserted", "updated", "created", "deleted"],
  found: ["claimed", "stored", "failed", "waiting"],
  result: ["answered", "throttled", "failed"],
  reason: [
    ...NO_ACCOUNT,
    "other",
    "throttled",
    "unavailable",
    "stopped",
    "money_cap",
    "rate_limit",
  ],
  reader: ["embeddings", "dify"],
  of: ["requests", "tokens"],
};

function own(text: string): ExportedMetric[] {
  return metricsIn(text).filter(({ name }) => name.startsWith("nexus_"));
}

describe("the metrics of the services", () => {
  it("are all in docs/metrics.md, which is made of them (update: vitest -u)", async () => {
    const page = [
      "# Metrics\nMade by `test/src/platform/metrics.test.ts` of what each service answers to a scrape of `/metrics`; not to be edited.",
      "Labels hold words of the code and of the catalog only: no id, no name, no value of a row. Besides these, each service exports the usual metrics of a Node process (`process_*`, `nodejs_*`; `nodejs_eventloop_lag_p99_seconds` is the event loop's).",
      "Each replica of the API says the same of ledger and queue: take the highest over replicas (`max`), never their sum. `nexus_connection*`, and what the other services export, is of a process.",
      ...[...texts].map(([service, text]) => `## ${service}\n${tableOf(own(text))}`),
    ].join("\n\n");
    await expect(`${page}\n`).toMatchFileSnapshot(join(ROOT, "docs/metrics.md"));
  });

  it("have labels of known words only, whose every value is there from the start", () => {
    for (const [service, text] of texts)
      for (const { name, labels } of own(text))
        for (const [label, values] of labels)
          expect(WORDS[label], `${service} ${name}{${label}}`).toEqual(
            expect.arrayContaining([...values]),
          );
    const strange = [...texts.values()]
      .flatMap(metricsIn)
      .flatMap(({ labels }) =>
        [...labels.keys()].filter((label) => !(label in WORDS) && !OF_NODE.has(label)),
      );
    expect(strange).toEqual([]);
  });

  it("start at 0", () => {
    for (const text of texts.values())
      for (const [, value] of text.matchAll(/^nexus_\S+ (\S+)$/gm))
        expect(["0", "1"]).toContain(value);
  });

  // The lint is promtool's own; where it is absent, the closing lines name what was left out.
  it.skipIf(!promtoolWorks())("please promtool", () => {
    for (const [service, text] of texts) {
      const { stdout, stderr, status } = spawnSync("promtool", ["check", "metrics"], {
        input: text,
        encoding: "utf8",
      });
      expect(`${stdout}${stderr}`, service).toBe("");
      expect(status, service).toBe(0);
    }
    const bad = spawnSync("promtool", ["check", "metrics"], {
      input: "# HELP nexus_wait_ms W.\n# TYPE nexus_wait_ms counter\nnexus_wait_ms 1\n",
      encoding: "utf8",
    });
    expect(bad.status).not.toBe(0);
  });
});

function tableOf(metrics: readonly ExportedMetric[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const all = [...labels]
      .map(([label, values]) => `\`${label}\`: ${[...values].sort().join(", ")}`)
      .join("<br>");
    return `| \`${name}\` | ${type} | ${all || "–"} | ${help} |`;
  });
  return ["| metric | type | labels | meaning |", "|---|---|---|---|", ...rows].join("\n");
}
