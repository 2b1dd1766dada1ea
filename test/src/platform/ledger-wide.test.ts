/** Every replica of the API says the same of the ledger: whatever adds replicas up says it as often as there are replicas. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { metricsIn, scrapes, seriesOf } from "./exported.ts";
import { read, ROOT, yaml } from "./files.ts";
import { aggregationsIn } from "./promql.ts";

const FILES = [
  "observability/grafana/dashboards",
  "observability/prometheus",
  "k8s/components/keda",
].flatMap((folder) => readdirSync(join(ROOT, folder)).map((file) => join(folder, file)));

const asked = FILES.flatMap((file) =>
  expressionsIn(yaml(read(file), z.unknown())).map((expression) => ({ file, expression })),
);

/** What the API exports of the ledger and the queue; what other services export too is of the process. */
async function ledgerWide(): Promise<ReadonlySet<string>> {
  const texts = await scrapes();
  const namesOf = (service: string): string[] =>
    metricsIn(texts.get(service) ?? "").flatMap(seriesOf);
  const ofAProcess = new Set(namesOf("loader"));
  return new Set(namesOf("api").filter((name) => !ofAProcess.has(name)));
}

describe("what is asked of Prometheus", () => {
  it.each(asked)("$file: $expression takes ledger-wide metrics once", async ({ expression }) => {
    const wide = await ledgerWide();
    const addedUp = aggregationsIn(expression).filter(
      ({ series, by }) => wide.has(series) && by !== "max" && by !== "min",
    );
    expect(addedUp).toEqual([]);
  });

  it("is found: expressions of dashboards, alerts and autoscalers", () => {
    for (const part of ["grafana", "alerts", "keda"])
      expect(asked.filter(({ file }) => file.includes(part)).length, part).toBeGreaterThan(1);
  });

  it("would not pass where replicas are added up", () => {
    expect(
      aggregationsIn("sum(nexus_rows) / max(rate(nexus_rows_read[5m])) + nexus_run_id"),
    ).toEqual([
      { series: "nexus_rows", by: "sum" },
      { series: "nexus_rows_read", by: "max" },
      { series: "nexus_run_id", by: undefined },
    ]);
  });
});

/** Members of these names, wherever they are. */
function expressionsIn(document: unknown): string[] {
  if (typeof document !== "object" || document === null) return [];
  return Object.entries(document).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "string" && (name === "expr" || name === "query")
      ? [value]
      : expressionsIn(value),
  );
}
