/** For tests: a ledger with the budget of one model, whose minutes pass when the test says so. */
import type { Pool } from "../../database/pool.ts";
import type { TestContext } from "../../testing/fresh.ts";
import { freshLedger } from "../../testing/fresh-ledger.ts";
import type { Budget, BudgetOptions, Grant, Reservation } from "./budget.ts";
import { openBudget } from "./open-budget.ts";

export interface FreshBudget {
  readonly url: string;
  readonly ledger: Pool;
  readonly budget: Budget;
  readonly options: BudgetOptions;
  /** Lets time pass for the budget: everything that happened lies so much longer ago. */
  pass(seconds: number): Promise<void>;
  /** Some columns of the budget's row. */
  row(columns: string): Promise<unknown>;
}

/** 100 requests at once, 97 each second; tokens and money without limit. */
const GENEROUS: BudgetOptions = {
  model: "titan",
  requestsPerMinute: 6_000,
  tokensPerMinute: null,
  usdPer1kTokens: 0.00002,
  capUsd: null,
};

/** Slow enough to stand still for the length of a test. */
const STANDING = 1e-6;

export async function freshBudget(
  context: TestContext,
  given: Partial<BudgetOptions> = {},
): Promise<FreshBudget> {
  const { url, target: ledger } = await freshLedger(context);
  const options = { ...GENEROUS, clockSpeed: STANDING, ...given };
  return {
    url,
    ledger,
    options,
    budget: await openBudget(ledger, options),
    pass: async (seconds) => {
      const moved = [
        "filled_at",
        "lowered_at",
        "blocked_until",
        "unanswered_since",
        "paused_at",
        "probe_at",
      ].map((column) => `${column} = ${column} - $1::double precision * interval '1 s'`);
      await ledger.query(`update migration.rate_budget set ${moved.join(", ")}`, [
        seconds / options.clockSpeed,
      ]);
    },
    row: async (columns) => {
      const found = await ledger.query<object>(`select ${columns} from migration.rate_budget`);
      return found.rows[0];
    },
  };
}

/** Reserves one call that must be granted. */
export async function granted(budget: Budget, tokens = 1): Promise<Reservation> {
  const grant = await budget.reserve(tokens);
  if (grant.kind !== "granted") throw new Error(`not granted, but ${JSON.stringify(grant)}`);
  return grant.reservation;
}

/** Asks so many times at once. */
export async function ask(budget: Budget, times: number, tokens = 1): Promise<Grant[]> {
  return await Promise.all(Array.from({ length: times }, () => budget.reserve(tokens)));
}

/** How many of them may go. */
export function count(grants: readonly Grant[], kind: Grant["kind"] = "granted"): number {
  return grants.filter((grant) => grant.kind === kind).length;
}
