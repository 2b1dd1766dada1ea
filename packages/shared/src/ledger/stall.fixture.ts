/** Runs that nothing touches, and services that are there: for tests of what stands still. */
import type { Pool } from "../database/pool.ts";
import { closers } from "../runtime/closers.ts";
import { openLog } from "../telemetry/log.ts";
import { eventually } from "../testing/eventually.ts";
import { seedRun, type SeedRun } from "../testing/seed-run.ts";
import { type Carrier, heardOf, startHeartbeat } from "./heartbeats.ts";
import type { Stall } from "./stall.ts";

export const CATALOG = [
  { name: "practices", parents: {} },
  { name: "profiles", parents: { practices: [] } },
];

/** A run that nothing has touched for 100 seconds. */
export async function still(target: Pool, seed: SeedRun): Promise<number> {
  const runId = await seedRun(target, seed);
  await target.query(
    `update migration.runs set created_at = now() - interval '100 s';
     update migration.batches set finished_at = finished_at - interval '100 s', queued_at = now() - interval '100 s'`,
  );
  return runId;
}

export function work(stall: Stall | undefined): unknown[] {
  return (stall?.work ?? []).map(({ entity, ready, batches }) => [entity, ready, batches]);
}

/** Has a service be heard of. */
export async function there(target: Pool, service: Carrier): Promise<void> {
  const open = closers();
  startHeartbeat(target, { service }, openLog("test"), open);
  await eventually(async () => (await heardOf(target))[service].alive === 1);
  await open.closeAll();
}
