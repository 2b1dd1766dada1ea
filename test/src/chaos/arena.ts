/** Where blows fall: a journey on servers of its own, and what an undisturbed run of its sample leaves behind. */
import type { ServiceName } from "@nexus/local/services";
import {
  eventually,
  type ServiceProcess,
  type Stack,
  stacks,
  stacksWithVectors,
} from "@nexus/shared/testing";
import { expect } from "vitest";
import { type Journey, type JourneyOptions, openJourney } from "../journey.ts";
import { type Accounts, accountsOf, forgetEverything } from "./accounts.ts";

const [here] = stacks();

/** Whether suites that break servers can run: only real ones can be broken and mended. What is not installed is named in the closing lines. */
export const breakable = here !== undefined;

/** Whether servers that can be broken hold vectors too. */
export const breakableWithVectors = stacksWithVectors().length > 0;

/** Real servers, for suites that are skipped unless they are `breakable`. */
export const servers: Stack = here ?? {
  name: "servers",
  start: () => Promise.reject(new Error("no servers here: skip this suite")),
};

export interface Arena {
  readonly journey: Journey;
  /** Of a run with one extractor and one loader in which nothing happened. */
  readonly undisturbed: Accounts;
}

/** Opens a journey with one extractor and one loader, and runs it once undisturbed. */
export async function openArena(options: JourneyOptions, stack: Stack = servers): Promise<Arena> {
  const journey = await openJourney(stack, options);
  try {
    const runId = await journey.begin({ embeddings: true });
    await journey.completed(runId);
    return { journey, undisturbed: await accountsOf(journey.target, runId) };
  } catch (error) {
    await journey.close();
    throw error;
  }
}

/** Begins a run on an empty target. */
export async function beginAnew({ target, begin }: Journey): Promise<number> {
  await forgetEverything(target);
  return await begin({ embeddings: true });
}

/** The processes that are running, of one kind or of all. */
export async function alive({ services }: Journey, name?: ServiceName): Promise<ServiceProcess[]> {
  const found: ServiceProcess[] = [];
  for (const service of services) {
    const state = await Promise.race([service.exited, Promise.resolve("running")]);
    if (state === "running" && (name === undefined || service.name === name)) found.push(service);
  }
  return found;
}

export interface Standing {
  readonly done: number;
  readonly total: number;
  readonly over: boolean;
}

/** How far the run is, by the ledger. */
export async function standing({ target }: Journey, runId: number): Promise<Standing> {
  const { rows } = await target.query<Standing>(
    `select (select status <> 'running' and status <> 'planned' from migration.runs where id = $1) as over,
       count(*) filter (where status = 'done') as done, count(*) as total
     from migration.batches where run_id = $1`,
    [runId],
  );
  return rows[0] ?? { done: 0, total: 0, over: false };
}

/** Waits until `wanted` batches are committed, or the run is over. */
export async function committed(
  journey: Journey,
  runId: number,
  wanted: number,
): Promise<Standing> {
  return await eventually(() => standing(journey, runId), {
    until: ({ done, over }) => over || done >= wanted,
    within: 60_000,
    every: 5,
  });
}

/** Begins a run on an empty target while no loader runs, and waits until it is planned and its first batches are on offer. */
export async function beginWithoutLoaders(journey: Journey): Promise<number> {
  for (const loader of await alive(journey, "loader")) await loader.kill("SIGKILL");
  const runId = await beginAnew(journey);
  await eventually(
    async () => {
      const { rows } = await journey.target.query<{ ready: boolean }>(
        `select bool_and(status not in ('waiting', 'planning'))
           and exists (select from migration.batches where run_id = $1 and status = 'queued') as ready
         from migration.run_entities where run_id = $1`,
        [runId],
      );
      return rows[0]?.ready === true;
    },
    { within: 30_000 },
  );
  return runId;
}

/** The run ends, and with what the undisturbed one ended with; no batch is left over. */
export async function expectTheSame(
  { journey, undisturbed }: Arena,
  runId: number,
  within: number,
): Promise<void> {
  await journey.completed(runId, within);
  expect(await accountsOf(journey.target, runId)).toEqual(undisturbed);
  const { rows } = await journey.target.query(
    "select entity, seq, status, error_code from migration.batches where run_id = $1 and status <> 'done'",
    [runId],
  );
  expect(rows).toEqual([]);
}

/** Attempts of a run beyond the first of each batch. */
export async function extraAttempts({ target }: Journey, runId: number): Promise<number> {
  const { rows } = await target.query<{ extra: number }>(
    "select sum(attempts - 1) as extra from migration.batches where run_id = $1",
    [runId],
  );
  return rows[0]?.extra ?? 0;
}

/** The attempts of the batch that needed most. */
export async function mostAttempts({ target }: Journey, runId: number): Promise<number> {
  const { rows } = await target.query<{ most: number }>(
    "select max(attempts) as most from migration.batches where run_id = $1",
    [runId],
  );
  return rows[0]?.most ?? 0;
}

/** Attempts that are counted for batches that are not done yet. */
export async function attemptsUnderWay({ target }: Journey, runId: number): Promise<number> {
  const { rows } = await target.query<{ attempts: number }>(
    "select sum(attempts) as attempts from migration.batches where run_id = $1 and status <> 'done'",
    [runId],
  );
  return rows[0]?.attempts ?? 0;
}
