import { openPool, type Pool, withPool } from "../database/pool.ts";
import { applyVersions } from "../database/schema-versions.ts";
import { guardArrows } from "./arrow-guard.ts";
import { freshDatabase, type Template, type TestContext } from "./fresh.ts";

/** A target that holds the ledger and nothing else. Statuses change along the arrows of `states.ts` only. */
export interface FreshLedger {
  readonly url: string;
  readonly target: Pool;
}

/** A ledger of this test alone, with a pool that is closed when the test ends. */
export async function freshLedger(context: TestContext): Promise<FreshLedger> {
  const url = await freshDatabase(context, ledger);
  const target = openPool({ url, max: 10, name: "test", onError: () => undefined });
  context.onTestFinished(() => target.end());
  return { url, target };
}

const ledger: Template = {
  name: "ledger",
  build: (url) =>
    withPool({ url, max: 1, name: "test" }, async (pool) => {
      await applyVersions(pool);
      await guardArrows(pool);
    }),
};
