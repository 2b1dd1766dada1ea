/** What the services export, read from what a scrape of each of them answers. */
import { openMetrics as openApi } from "@nexus/api/metrics";
import { entities } from "@nexus/catalog";
import { openMetrics as openEmbedder } from "@nexus/embedder/metrics";
import { openMetrics as openExtractor } from "@nexus/extractor/metrics";
import { openMetrics as openLoader } from "@nexus/loader/metrics";

export interface ExportedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** The values that each label has from the start. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The text that Prometheus scrapes of each service when it has just been started. */
export async function scrapes(): Promise<ReadonlyMap<string, string>> {
  const services = {
    extractor: openExtractor(),
    loader: openLoader(),
    embedder: openEmbedder(),
    api: openApi(entities.map(({ name }) => name)),
  };
  const texts = Object.entries(services).map(
    async ([name, { scrape }]) => [name, (await scrape()).text] as const,
  );
  return new Map(await Promise.all(texts));
}

/** The metrics in a scrape. */
export function metricsIn(text: string): ExportedMetric[] {
  return text
    .split(/^# HELP /m)
    .slice(1)
    .map((block) => {
      const [, name = "", help = "", type = ""] = /^(\S+) (.*)\n# TYPE \S+ (\w+)/.exec(block) ?? [];
      return { name, help, type, labels: labelsIn(block) };
    });
}

function labelsIn(block: string): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  for (const [, name = "", value = ""] of block.matchAll(/[{,](\w+)="([^"]*)"/g)) {
    if (name !== "le") labels.set(name, (labels.get(name) ?? new Set()).add(value));
  }
  return labels;
}

/** Names that PromQL may use of a metric. */
export function seriesOf({ name, type }: ExportedMetric): readonly string[] {
  return type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}
