import type { Queryable } from "../../database/pool.ts";
import type { Budget, BudgetOptions, Grant, Haste } from "./budget.ts";
import { failpoint } from "../../runtime/failpoint.ts";
import { microBatch } from "../../runtime/micro-batch.ts";
import { paceOf } from "./pace.ts";
import { microdollarsPerMillion } from "./price.ts";
import { reserve } from "./reserve.ts";
import { type EndedCall, record } from "./record-calls.ts";

/**
 * Opens the budget of a model: writes the configured quota, price and cap into its row, which is made if need be with full buckets.
 * What is in the buckets, the lowered pace, a pause and what was spent stay as they are, so any process may open it at any time.
 * `ledger` is a pool of the target, migrated; a query holds a connection for a millisecond or so.
 */
export async function openBudget(ledger: Queryable, options: BudgetOptions): Promise<Budget> {
  await configure(ledger, options, "newest");
  return budgetOf(ledger, options.model, { haste: "steady", clockSpeed: options.clockSpeed ?? 1 });
}

/**
 * The budget of a model for those who serve a person, under whatever quota the embedders have written; without any, until they have.
 * Asks nothing of the ledger before it is asked.
 */
export function joinBudget(
  ledger: Queryable,
  options: Pick<BudgetOptions, "model" | "usdPer1kTokens" | "clockSpeed">,
): Budget {
  const unlimited = { ...options, requestsPerMinute: null, tokensPerMinute: null, capUsd: null };
  let made: Promise<void> | undefined;
  const budget = budgetOf(ledger, options.model, {
    haste: "prompt",
    clockSpeed: options.clockSpeed ?? 1,
  });
  return {
    ...budget,
    reserve: async (tokens) => {
      await (made ??= configure(ledger, unlimited, "oldest").catch((error: unknown) => {
        made = undefined;
        throw error;
      }));
      return await budget.reserve(tokens);
    },
  };
}

/** At most so many wishes, or ended calls, go into one statement. */
const LARGEST = 1_000;

function budgetOf(
  ledger: Queryable,
  model: string,
  manner: { readonly haste: Haste; readonly clockSpeed: number },
): Budget {
  const reserveOne = microBatch<number, Grant>(LARGEST, async (wishes) => {
    const grants = await reserve(ledger, model, wishes, manner);
    failpoint("budget.reserved");
    return grants;
  });
  const recordOne = microBatch<EndedCall, true>(LARGEST, async (ended) => {
    await record(ledger, model, ended, manner.clockSpeed);
    failpoint("budget.recorded");
    return ended.map(() => true);
  });
  return {
    reserve: (tokens) => reserveOne(Math.max(0, Math.ceil(tokens))),
    record: async (reservation, outcome) => {
      await recordOne({ reservation, outcome });
    },
  };
}

/** Whose settings stay where there are some already. */
type Winner = "newest" | "oldest";

async function configure(ledger: Queryable, options: BudgetOptions, winner: Winner): Promise<void> {
  const requests = paceOf(options.requestsPerMinute);
  const tokens = paceOf(options.tokensPerMinute);
  await ledger.query(
    `insert into migration.rate_budget (model, requests_per_minute, tokens_per_minute, request_rate, request_burst,
       token_rate, token_burst, requests, tokens, microdollars_per_million_tokens, cap_microdollars)
     values ($1::text, $2::integer, $3::integer, $4::double precision, $5::double precision,
       $6::double precision, $7::double precision, $5::double precision, $7::double precision, $8::bigint, $9::bigint)
     on conflict (model) do update set
       requests_per_minute = excluded.requests_per_minute, tokens_per_minute = excluded.tokens_per_minute,
       request_rate = excluded.request_rate, request_burst = excluded.request_burst,
       token_rate = excluded.token_rate, token_burst = excluded.token_burst,
       microdollars_per_million_tokens = excluded.microdollars_per_million_tokens,
       cap_microdollars = excluded.cap_microdollars
     where $10::text = 'newest'`,
    [
      options.model,
      options.requestsPerMinute,
      options.tokensPerMinute,
      requests.rate,
      requests.burst,
      tokens.rate,
      tokens.burst,
      microdollarsPerMillion(options.usdPer1kTokens),
      options.capUsd === null ? null : Math.round(options.capUsd * 1e6),
      winner,
    ],
  );
}
