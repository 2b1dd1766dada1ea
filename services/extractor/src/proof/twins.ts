/** The second bookkeeping: what the target should hold by the twins of the entities, for one range of source keys at a time. */
import type { Codes, Entity, SourceShape } from "@nexus/catalog";
import {
  type Bounds,
  inTransaction,
  openPool,
  type Pool,
  type Queryable,
  readOnly,
  readSnapshot,
  urlOf,
} from "@nexus/shared/database";
import type { Keys } from "./ranges.ts";
import { type RawTable, rawTablesOf } from "./raw-tables.ts";
import { beginSession, keepKnown, requireSession } from "./session.ts";
import { stage } from "./stage.ts";
import { type SourceText, sourceText } from "./stored-rows.ts";
import { twinOf } from "./twin-files.ts";
import { writersOf } from "./writers.ts";

/** What the twins are worked out with. */
export interface TwinDeps {
  readonly legacy: Pool;
  readonly target: Pool;
  readonly shape: SourceShape;
  readonly codes: Codes;
  /** What the bytes of the source's text are, where its own word is not true, and what becomes of those that mean nothing. */
  readonly encoding?: {
    readonly stored?: string | undefined;
    readonly unreadable?: SourceText["unreadable"];
  };
  /** Bounds of each statement on the source. */
  readonly bounds?: Bounds;
  /** Milliseconds between two looks whether the session on the target idles. Default: 10,000. */
  readonly awakeMs?: number;
}

/** One session on the source and one on the target, in which twins are worked out, parents first. */
export interface Twins {
  /**
   * In one transaction on the target: stages the raw rows that these source keys need, fills the temporary table `expected` by the
   * entity's twin, then calls `then` with the session. Nothing of it is left afterwards. Throws for an entity without a twin.
   */
  expecting<T>(entity: Entity, keys: Keys, then: (target: Queryable) => Promise<T>): Promise<T>;
  /** Remembers, inside `then`, what children need to know of the expected rows: puts them into `known_<entity>`. */
  keep(entity: Entity): Promise<void>;
  /** The source keys of a parent, inside `then`, by which the expected rows ask `known_<parent>`; more at most. */
  named(entity: Entity, parent: Entity): Promise<readonly number[]>;
  close(): Promise<void>;
}

const TAKEN: ReadonlySet<string> = new Set(["outcome", "reason", "notes", "since"]);

/** The column of `expected` in which a column of the target is: its own name, unless `expected` says something else by it. */
export function expectedColumn(column: string): string {
  return TAKEN.has(column) ? `target_${column}` : column;
}

/** The twin that is being worked out. */
interface Current {
  readonly target: Queryable;
  readonly keys: Keys;
}

/** Opens both sessions. */
export async function openTwins(deps: TwinDeps): Promise<Twins> {
  const { legacy, shape, codes, encoding = {}, bounds = {} } = deps;
  const text = sourceText(await encodingOf(legacy, bounds), encoding.stored, encoding.unreadable);
  const session = oneSession(deps.target);
  const awake = setInterval(() => keepAwake(session), deps.awakeMs ?? AWAKE_MS);
  const close = async (): Promise<void> => {
    clearInterval(awake);
    await session.end();
  };
  let current: Current | undefined;
  const fill = async (target: Queryable, entity: Entity, keys: Keys): Promise<void> => {
    const twin = twinOf(entity);
    if (twin === null) throw new Error(`${entity.name} has no twin`);
    const tables = rawTablesOf(twin);
    const read = async (source: Queryable): Promise<void> => {
      const writers = await writersOf(source, tables);
      for (const raw of tables) await stage({ source, target, shape, keys, writers, text }, raw);
    };
    await readSnapshot(legacy, read, bounds);
    await target.query(planningSql(tables));
    await target.query(`create temp table expected on commit drop as ${twin}`);
  };
  const beginning = inTransaction(session, (tx) => beginSession(tx, codes, shape));
  const begun = await beginning.catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    expecting: (entity, keys, then) =>
      inTransaction(
        session,
        async (target) => {
          await requireSession(target, begun);
          await fill(target, entity, keys);
          current = { target, keys };
          return await then(target).finally(() => (current = undefined));
        },
        { commit: "soon", ...(bounds.signal !== undefined && { signal: bounds.signal }) },
      ),
    keep: async (entity) => {
      if (current === undefined) throw new Error(`nothing is expected of ${entity.name} now`);
      await keepKnown(current.target, entity, current.keys);
    },
    named: async (entity, parent) => {
      if (current === undefined) throw new Error(`nothing is expected of ${entity.name} now`);
      return await keysNamed(current.target, rawTablesOf(twinOf(entity) ?? ""), parent);
    },
    close,
  };
}

const AWAKE_MS = 10_000;

/** While other work goes on a proxy takes the session for one that idles, and ends it. What breaks here, the next range finds: a session of a new connection knows nothing. */
function keepAwake(session: Pool): void {
  if (session.idleCount === 1) session.query("select 1").catch(() => undefined);
}

/** A twin stages each row of a parent's table that it asks for. */
async function keysNamed(
  target: Queryable,
  tables: readonly RawTable[],
  { source: { table, key } }: Entity,
): Promise<readonly number[]> {
  const selects = tables
    .filter((raw) => raw.table === table && raw.columns.some(({ name }) => name === key))
    .map(({ name }) => `select ${key} as key from raw_${name}`);
  if (selects.length === 0) return [];
  const found = await target.query<{ key: number }>(
    `select distinct key from (${selects.join(" union all ")}) k where key is not null order by key`,
  );
  return found.rows.map((row) => row.key);
}

/**
 * Has the twin planned for the rows that are there, by a sample of 3,000, and not compiled: unanalysed, and with JIT, the twin of cases took 40 of
 * 76 s for 67,000 rows, now 7 of 38 (measured beside other work).
 */
function planningSql(tables: readonly RawTable[]): string {
  const staged = tables.map(({ name }) => `raw_${name}`).join(", ");
  return `set local jit = off; set local default_statistics_target = 10; analyze ${staged}`;
}

/** PostgreSQL's name of the encoding in which the source stores text. */
async function encodingOf(legacy: Pool, bounds: Bounds): Promise<string> {
  const ask = (tx: Queryable) =>
    tx.query<{ name: string }>("select current_setting('server_encoding') as name");
  const { rows } = await readOnly(legacy, ask, bounds);
  return rows[0]?.name ?? "UTF8";
}

/** A pool of one connection that is never given up: temporary tables are its own. */
function oneSession(target: Pool): Pool {
  return openPool({
    url: urlOf(target),
    max: 1,
    idleMs: 0,
    name: "nexus-twins",
    server: "target",
    onError: () => undefined,
  });
}
