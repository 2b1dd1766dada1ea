/** For tests: one embedder as a process, with nothing to embed. Works until it is killed. `WORK` says what to do, as JSON. */
import { Agent, type IncomingMessage, request } from "node:http";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { openPool } from "../../../database/pool.ts";
import type { Budget } from "../budget.ts";
import { openBudget } from "../open-budget.ts";

const work = z.object({
  ledgerUrl: z.string(),
  endpointUrl: z.string(),
  /** Calls at once. */
  lanes: z.number(),
  /** Tokens of a call: estimated, and used. */
  estimate: z.number(),
  tokens: z.number(),
  budget: z.object({
    model: z.string(),
    requestsPerMinute: z.number().nullable(),
    tokensPerMinute: z.number().nullable(),
    usdPer1kTokens: z.number(),
    capUsd: z.number().nullable(),
    clockSpeed: z.number(),
  }),
});
type Work = z.infer<typeof work>;

const given = work.parse(JSON.parse(process.env["WORK"] ?? "{}"));
const agent = new Agent({ keepAlive: true, maxSockets: given.lanes });
const ledger = openPool({ url: given.ledgerUrl, max: 2, name: "worker", onError: () => undefined });
const budget = await openBudget(ledger, given.budget);
process.stdout.write(`${JSON.stringify({ msg: "ready" })}\n`);
await Promise.all(Array.from({ length: given.lanes }, () => lane(budget, given)));

async function lane(budget: Budget, { endpointUrl, estimate, tokens }: Work): Promise<never> {
  for (;;) {
    const grant = await budget.reserve(estimate);
    if (grant.kind === "granted") {
      const status = await call(`${endpointUrl}/${tokens}`);
      await budget.record(
        grant.reservation,
        status === 200 ? { kind: "used", tokens } : { kind: "throttled", retryAfterMs: null },
      );
    } else await delay(grant.kind === "wait" ? grant.ms : grant.retryMs);
  }
}

async function call(url: string): Promise<number | undefined> {
  const sent = request(url, { method: "POST", agent }).end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("error", reject);
  });
  response.resume();
  await once(response, "end");
  return response.statusCode;
}
