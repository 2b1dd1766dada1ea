/** A real Prometheus of our own, that scrapes services once a second. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, freePort, serverProcess } from "@nexus/shared/testing";
import { stringify } from "yaml";
import { z } from "zod";

export interface Prometheus {
  /** The numbers that an expression gives now; what Grafana cannot draw (NaN, infinity) is left out. */
  ask(expression: string): Promise<number[]>;
  stop(): Promise<void>;
}

/** Something to scrape, and the label that our own configuration would give it. */
export interface Scraped {
  readonly service: string;
  readonly port: number;
}

const answer = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** Starts it, and waits until it has scraped every service. */
export async function startPrometheus(scraped: readonly Scraped[]): Promise<Prometheus> {
  const server = serverProcess({ name: "prometheus", crash: "SIGKILL", end: "SIGTERM" });
  const url = `http://127.0.0.1:${await freePort()}`;
  const file = join(server.folder, "prometheus.yml");
  writeFileSync(file, stringify(configuration(scraped)));
  const listen = `--web.listen-address=${new URL(url).host}`;
  server.start("prometheus", [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(server.folder, "data")}`,
    listen,
  ]);
  const ask = (expression: string): Promise<number[]> => query(url, expression);
  await eventually(() => ask("count(up == 1)"), {
    until: ([up]) => up === scraped.length,
    within: 20_000,
  }).catch(async (cause: unknown) => {
    await server.remove();
    throw new Error(`Prometheus has not scraped every service:\n${server.log().slice(-2_000)}`, {
      cause,
    });
  });
  return { ask, stop: () => server.remove() };
}

function configuration(scraped: readonly Scraped[]): object {
  const targets = scraped.map(({ service, port }) => ({
    targets: [`127.0.0.1:${port}`],
    labels: { service },
  }));
  return {
    global: { scrape_interval: "1s" },
    scrape_configs: [{ job_name: "nexus", static_configs: targets }],
  };
}

async function query(url: string, expression: string): Promise<number[]> {
  const response = await fetch(
    `${url}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`,
  );
  if (!response.ok)
    throw new Error(`Prometheus answered ${response.status}: ${await response.text()}`);
  const { data } = answer.parse(await response.json());
  return data.result.map(({ value: [, number] }) => Number(number)).filter(Number.isFinite);
}
