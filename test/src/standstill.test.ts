/** One table that is locked, at the source or in the target, keeps nobody else from being planned, loaded and settled. */
import type { Pool } from "@nexus/shared/database";
import { progressOf } from "@nexus/shared/ledger";
import { eventually, stacks } from "@nexus/shared/testing";
import { describe, it } from "vitest";
import { type Journey, openJourney } from "./journey.ts";
import { expectSumsToClose } from "./outcomes.ts";

const OTHERS = ["cases", "patients", "practice_members", "practices", "profiles", "projects"];

describe.each(stacks())("a run some of whose tables are locked, on $name", (stack) => {
  it("does everything else, says what it waits for, and goes on by itself", async () => {
    const journey = await openJourney(stack, { sample: { scale: 0.002 } });
    try {
      const source = await hold(
        journey.legacy,
        "lock table dispatch_template in access exclusive mode",
      );
      const target = await hold(
        journey.target,
        "lock table public.case_states in share update exclusive mode",
      );
      const runId = await journey.begin();
      const stuck = { workflow_templates: "waiting 55P03", case_states: "settling 55P03" };
      const done = Object.fromEntries(OTHERS.map((entity) => [entity, "complete null"]));
      await eventually(() => standing(journey, runId), {
        until: (now) => JSON.stringify(now) === JSON.stringify(sorted({ ...stuck, ...done })),
        within: 60_000,
      });
      await source();
      await target();
      expectSumsToClose(await journey.completed(runId));
    } finally {
      await journey.close();
    }
  }, 180_000);
});

/** Takes a lock. Returns what gives it back. */
async function hold(pool: Pool, lock: string): Promise<() => Promise<void>> {
  const holder = await pool.connect();
  await holder.query(`begin; ${lock}`);
  return async () => {
    await holder.query("rollback");
    holder.release();
  };
}

async function standing({ target }: Journey, runId: number): Promise<Record<string, string>> {
  const progress = await progressOf(target, runId);
  return sorted(
    Object.fromEntries(
      progress.map(({ entity, status, errorCode }) => [entity, `${status} ${errorCode}`]),
    ),
  );
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
