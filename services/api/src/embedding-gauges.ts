/** Metrics of embedding: what the calls of each model came to, day by day. */
import type { Queryable } from "@nexus/shared/database";
import { DIFY_BUDGET } from "@nexus/shared/ledger";
import { Gauge, type Registry } from "prom-client";

/** Days that are shown, today among them: each is a label. */
const DAYS = 7;

interface Usage {
  readonly model: string;
  readonly day: string;
  readonly calls: number;
  readonly tokens: number;
  readonly throttled: number;
  readonly failed: number;
  readonly dollars: number;
}

/** Registers the gauges; what is returned reads them anew. */
export function embeddingGauges(register: Registry): (ledger: Queryable) => Promise<void> {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ["model", "day"], registers: [register] });
  const gauges = {
    calls: gauge("nexus_embedding_calls", "Calls of a UTC day that were answered with a vector."),
    tokens: gauge("nexus_embedding_tokens", "Input tokens of a UTC day, as they are billed."),
    throttled: gauge("nexus_embedding_throttled", "Calls of a UTC day that were throttled."),
    failed: gauge("nexus_embedding_failed", "Calls of a UTC day that failed otherwise."),
    dollars: gauge("nexus_embedding_cost_dollars", "What the calls of a UTC day cost."),
  };
  return async (ledger) => {
    const days = await usageByDay(ledger);
    for (const one of Object.values(gauges)) one.reset();
    for (const { model, day, ...usage } of days) {
      gauges.calls.set({ model, day }, usage.calls);
      gauges.tokens.set({ model, day }, usage.tokens);
      gauges.throttled.set({ model, day }, usage.throttled);
      gauges.failed.set({ model, day }, usage.failed);
      gauges.dollars.set({ model, day }, usage.dollars);
    }
  };
}

async function usageByDay(ledger: Queryable): Promise<Usage[]> {
  const { rows } = await ledger.query<Usage>(
    `select model, day::text, calls, tokens, throttled, failed, microdollars / 1e6::float8 as dollars
     from migration.embedding_usage where model <> '${DIFY_BUDGET}' and day > (now() at time zone 'utc')::date - ${DAYS} order by day, model`,
  );
  return rows;
}
