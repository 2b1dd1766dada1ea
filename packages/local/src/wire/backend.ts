import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { type AnswerFacts, readAnswer } from "./messages.ts";

/** What the backend sent back for one unit of frames. */
export interface Answer extends AnswerFacts {
  readonly bytes: Buffer;
}

/** The one session of the embedded database. Its user sees to it that only one unit runs at a time. */
export interface Backend {
  /** Settings as a connection begins with them, name and value. */
  readonly settings: readonly (readonly [string, string])[];
  /**
   * Runs whole, valid frames. Blocks the process while they run.
   *
   * @throws BackendLostError
   */
  run(frames: readonly Buffer[]): Promise<Answer>;
  close(): Promise<void>;
}

/** The session is lost, and the data are safe: a new process must open them. */
export class BackendLostError extends Error {
  override readonly name = "BackendLostError";
}

/** Told to the watchdog, because nothing in the process itself can end a statement. */
export interface StatementClock {
  started(): void;
  ended(): void;
}

export interface BackendOptions {
  /** The data folder, created if need be; without one the data live in memory. */
  readonly dataDir?: string;
  /** As in `set search_path`; one for all clients. */
  readonly searchPath: string;
  /** Makes `create extension vector` possible. */
  readonly vector?: boolean;
}

/** What a client is told at the start, as by PostgreSQL. */
const REPORTED = [
  "server_version",
  "server_encoding",
  "client_encoding",
  "DateStyle",
  "IntervalStyle",
  "TimeZone",
  "integer_datetimes",
  "standard_conforming_strings",
  "in_hot_standby",
  "default_transaction_read_only",
];

/** Starts PGlite: 4 to 6 s for a new database, 1 s for one that is there. */
export async function openBackend(
  options: BackendOptions,
  clock?: StatementClock,
): Promise<Backend> {
  const db = await PGlite.create(pgliteOptions(options));
  const { rows } = await db.query<{ name: string; setting: string }>(
    "select name, setting from pg_settings where name = any($1::text[])",
    [REPORTED],
  );
  return {
    settings: rows.map((row) => [row.name, row.setting]),
    run: (frames) => db.runExclusive(() => runFrames(db, frames, clock)),
    close: () => db.close(),
  };
}

function pgliteOptions({ dataDir, searchPath, vector: withVector }: BackendOptions): PGliteOptions {
  return {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(withVector === true ? { extensions: { vector } } : {}),
    // Startup options of a client are ignored and its SET is taken back (see session.ts), so this is for all.
    startParams: PGlite.defaultStartParams.map((param) =>
      param.startsWith("search_path=") ? `search_path=${searchPath}` : param,
    ),
  };
}

async function runFrames(
  db: PGlite,
  frames: readonly Buffer[],
  clock?: StatementClock,
): Promise<Answer> {
  const chunks: Buffer[] = [];
  clock?.started();
  try {
    await db.execProtocolRawStream(Buffer.concat(frames), {
      // Each chunk is a view into WASM memory that the next one overwrites.
      onRawData: (chunk) => chunks.push(Buffer.from(chunk)),
    });
  } catch (error) {
    throw new BackendLostError("the backend threw an exception", { cause: error });
  } finally {
    clock?.ended();
  }
  const bytes = Buffer.concat(chunks);
  return { bytes, ...readAnswer(bytes) };
}
