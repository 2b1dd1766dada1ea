/** What a loader is given in tests: real databases, and batches that are loaded without a queue. */
import { openTurn } from "@nexus/shared/runtime";
import { openPool, type Pool, readSourceShape } from "@nexus/shared/database";
import { recordSource } from "@nexus/shared/ledger";
import { openLog } from "@nexus/shared/telemetry";
import { freshDatabase, freshTarget, runningRun, type TestContext } from "@nexus/shared/testing";
import type { Deps } from "./deps.ts";
import { loadBatch } from "./load.ts";
import { openPatience } from "./patience.ts";
import { rememberRunContext, type Self } from "./run-context.ts";

/** What became of a batch, and what the ledger says of its rows: `<legacy id> <reason> <column>`. */
interface Loaded {
  readonly status: string;
  readonly error_code: string | null;
  readonly attempts: number;
  readonly read: number;
  readonly loaded: number;
  readonly inserted: number;
  readonly updated: number;
  readonly exceptions: readonly string[];
}

export interface LoaderUnderTest {
  readonly deps: Deps;
  readonly legacy: Pool;
  readonly target: Pool;
  /**
   * Loads all keys of an entity, or of a range, in one batch of a run of its own, offered `offers` times as long as it is handed back;
   * `before`: attempts that were spent on it. Entities that are no part of that run count as settled.
   */
  load(
    entity: string,
    range?: readonly [after: number, to: number],
    offers?: number,
    before?: number,
  ): Promise<Loaded>;
  /** Begins a run with the source as it is, of one batch with all keys of an entity: what is returned offers it, once more each time. */
  begin(entity: string): Promise<() => Promise<Loaded>>;
}

interface Settings extends Partial<Deps> {
  /** A source of one's own. */
  readonly legacyUrl?: string;
  /** What the loader knows of itself: runs that are to keep fingerprints keep them. */
  readonly self?: Self;
}

/** The tables that practices, cases and projects are read from. */
const SOURCE = `
  create table dispatch_office (id integer primary key, name text, address text, phone text, doctor_id integer);
  create table auth_user (id integer primary key);
  create table dispatch_office_doctors (id integer primary key, office_id integer, user_id integer);
  create table dispatch_patient (id integer primary key, user_id integer);
  create table dispatch_project (id integer primary key, uid text, name text, type integer, status integer,
    size bigint, creator_id integer, created_at timestamptz not null default '2020-01-01');
  create table dispatch_plan (id integer primary key, project_id integer, instruction_id integer);
  create table dispatch_instruction (id integer primary key, patient_id integer, notes text);
  create index on dispatch_plan (project_id);`;

/** A loader between an empty source and a migrated target. */
export async function loaderUnderTest(
  context: TestContext,
  { legacyUrl, self, ...settings }: Settings = {},
): Promise<LoaderUnderTest> {
  const target = await freshTarget(context);
  const url = legacyUrl ?? (await freshDatabase(context));
  const legacy = openPool({
    url,
    max: 2,
    name: "nexus-test",
    server: "source",
    pipelined: true,
    onError: () => undefined,
  });
  context.onTestFinished(() => legacy.end());
  await legacy.query(SOURCE);
  const log = openLog("test");
  log.level = "silent";
  const deps: Deps = {
    legacy,
    target,
    runContext: rememberRunContext(legacy, target, undefined, self),
    legacyStatementMs: 60_000,
    targetStatementMs: 60_000,
    targetIdleMs: 90_000,
    rowBytes: 64 << 20,
    encoding: { unreadable: "reject" },
    largeTurn: openTurn(),
    patience: openPatience({ target, log }),
    log,
    ...settings,
  };
  return {
    deps,
    legacy,
    target,
    load: (...given) => load(deps, ...given),
    begin: (entity) => begin(deps, entity),
  };
}

async function load(
  deps: Deps,
  entity: string,
  range?: readonly [number, number],
  offers = 1,
  before = 0,
): Promise<Loaded> {
  const { target } = deps;
  const offer = await begin(deps, entity, range, before);
  for (let others = offers; others > 1; others--) await offer();
  const loaded = await offer();
  await target.query("update migration.runs set status = 'completed' where status = 'running'");
  return loaded;
}

async function begin(
  deps: Deps,
  entity: string,
  [after, to]: readonly [number, number] = [0, 2_147_483_647],
  attempts = 0,
): Promise<() => Promise<Loaded>> {
  const { target, legacy } = deps;
  const runId = await runningRun(target, [entity]);
  await recordSource(target, runId, await readSourceShape(legacy));
  const { rows } = await target.query<{ id: number }>(
    `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status, attempts)
     values ($1, $2, 1, $3, $4, 0, 'queued', $5) returning id`,
    [runId, entity, after, to, attempts],
  );
  const id = rows[0]?.id ?? 0;
  return async () => {
    await target.query(
      "update migration.batches set status = 'queued' where id = $1 and status = 'planned'",
      [id],
    );
    const job = { runId, entity, batch: id, generation: 1, from: null, to: null };
    await loadBatch(deps, job, AbortSignal.timeout(600_000));
    return await outcomeOf(target, id);
  };
}

async function outcomeOf(target: Pool, id: number): Promise<Loaded> {
  const found = await target.query<Omit<Loaded, "exceptions">>(
    `select status, error_code, attempts, read, loaded, inserted, updated from migration.batches b where id = $1`,
    [id],
  );
  const exceptions = await target.query<{ said: string }>(
    `select concat_ws(' ', legacy_id, reason, column_name) as said from migration.exceptions where batch_id = $1 order by legacy_id`,
    [id],
  );
  const [loaded] = found.rows;
  if (loaded === undefined) throw new Error("the batch is gone");
  return { ...loaded, exceptions: exceptions.rows.map(({ said }) => said) };
}
