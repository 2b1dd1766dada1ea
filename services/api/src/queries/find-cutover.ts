/** A cut-over: what its steps found. */
import { type CutoverView, cutoverStepInWords, type Freeze } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import {
  cutovers,
  cutoverSteps,
  desc,
  eq,
  given,
  iso,
  query,
  read,
  sql,
} from "@nexus/shared/tables";
import { z } from "zod";

const facts = z.record(z.string(), z.unknown());

const columns = {
  id: cutovers.id,
  kind: cutovers.kind,
  status: cutovers.status,
  actor: cutovers.actor,
  reason: cutovers.reason,
  createdAt: iso(cutovers.created_at),
  finishedAt: iso(cutovers.finished_at),
  withdrawnAt: iso(cutovers.withdrawn_at),
  errorCode: cutovers.error_code,
  freeze: cutovers.freeze_foretold,
  seconds: sql<
    number | null
  >`extract(epoch from ${cutovers.finished_at} - ${cutovers.created_at})::float8`,
};

/** The newest, or the one of a number. */
export async function findCutover(
  db: Queryable,
  id: number | undefined,
): Promise<CutoverView | undefined> {
  const [found] = await read(
    db,
    query
      .select(columns)
      .from(cutovers)
      .where(given(id, (one) => eq(cutovers.id, one)))
      .orderBy(desc(cutovers.id))
      .limit(1),
  );
  if (found === undefined) return undefined;
  const freeze: Freeze | null = JSON.parse(found.freeze ?? "null");
  return { ...found, freeze, steps: await stepsOf(db, found.id) };
}

async function stepsOf(db: Queryable, id: number): Promise<CutoverView["steps"]> {
  const { cutover_id, step, position, status, code, actor, started_at, finished_at } = cutoverSteps;
  const found = await read(
    db,
    query
      .select({
        step,
        status,
        code,
        facts: cutoverSteps.facts,
        actor,
        startedAt: iso(started_at),
        finishedAt: iso(finished_at),
        durationMs: sql<
          number | null
        >`round(extract(epoch from ${finished_at} - ${started_at}) * 1000)::integer`,
      })
      .from(cutoverSteps)
      .where(eq(cutover_id, id))
      .orderBy(position),
  );
  return found.map((row) => {
    const seen = facts.parse(JSON.parse(row.facts));
    return { ...row, facts: seen, ...cutoverStepInWords(row.step, row.status, row.code, seen) };
  });
}
