/** One dump: pg_dump's output on its way to a store, counted and hashed as it passes. */
import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { type Child, startChild } from "./child.ts";
import { BackupFailure, failureOfFile, meaningOf } from "./failures.ts";
import { libpqEnvironment } from "./libpq.ts";
import type { Store } from "./store.ts";

export interface Dump {
  readonly url: string;
  /** Of schema public. */
  readonly tables: readonly string[];
  readonly store: Store;
  readonly silenceMs: number;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

export interface Dumped {
  readonly bytes: number;
  readonly sha256: string;
}

/** Dumps tables, and nothing else. After an error the store is abandoned, and nothing of ours runs any more. Throws `BackupFailure`. */
export async function dump({ url, tables, store, silenceMs, signal }: Dump): Promise<Dumped> {
  const child = startChild({
    command: "pg_dump",
    args: dumpArguments(tables, silenceMs),
    env: libpqEnvironment(url),
    ours: "stdout",
  });
  const silence = startSilence(silenceMs);
  const given = AbortSignal.any([signal, silence.signal]);
  const stop = (): void => void Promise.all([child.end(), store.abandon()]).catch(() => undefined);
  given.addEventListener("abort", stop, { once: true });
  const found: Passed = { hash: createHash("sha256"), bytes: 0, failure: undefined };
  try {
    await pipeline(passing(child, found, silence.heard, store), store.sink);
    await store.stored();
    given.throwIfAborted();
    return { bytes: found.bytes, sha256: found.hash.digest("hex") };
  } catch (error) {
    await Promise.all([child.end(), store.abandon()]);
    signal.throwIfAborted();
    if (silence.signal.aborted) throw new BackupFailure("backup_silent", { cause: error });
    throw found.failure ?? (await failureOf(error, child, store));
  } finally {
    given.removeEventListener("abort", stop);
    silence.stop();
  }
}

/** Milliseconds for which pg_dump waits for a lock longer than we do: one whose extractor is dead gives up by itself. */
const ORPHAN_MS = 10_000;

function dumpArguments(tables: readonly string[], silenceMs: number): string[] {
  const named = tables.map((table) => `--table="public"."${table.replaceAll('"', '""')}"`);
  // Forced row security binds the owner, too: with its policy it sees everything (take-backup.ts makes sure of that).
  const wait = `--lock-wait-timeout=${silenceMs + ORPHAN_MS}`;
  const how = ["--format=custom", "--enable-row-security", "--no-password", "--strict-names", wait];
  return [...how, ...named];
}

/** What has passed so far. */
interface Passed {
  readonly hash: ReturnType<typeof createHash>;
  bytes: number;
  /** Why pg_dump ended with an error. */
  failure: BackupFailure | undefined;
}

/** The bytes of pg_dump. The store's input ends only after pg_dump has said that this was all: a part must not pass for the whole. */
async function* passing(
  child: Child,
  found: Passed,
  heard: () => void,
  store: Store,
): AsyncGenerator<Buffer> {
  const { stdout } = child.process;
  if (stdout !== null)
    for await (const chunk of stdout) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError("pg_dump gave text");
      found.hash.update(chunk);
      found.bytes += chunk.length;
      heard();
      yield chunk;
      heard();
    }
  const { code, stderr } = await child.ended;
  if (code === 0) return;
  // Known before the store is abandoned: that breaks the pipe, too.
  found.failure = new BackupFailure(meaningOf(stderr));
  await store.abandon();
  throw found.failure;
}

/** Why it failed, in our words. pg_dump that is not there closes its output first; a command that ends early breaks the pipe. */
async function failureOf(error: unknown, { ended }: Child, store: Store): Promise<unknown> {
  if (error instanceof BackupFailure) return error;
  const notStarted: unknown = await ended.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (notStarted !== undefined)
    return new BackupFailure("backup_no_pg_dump", { cause: notStarted });
  if (store.keptBy === "command") return new BackupFailure("backup_command", { cause: error });
  return failureOfFile(error) ?? new BackupFailure("backup_failed", { cause: error });
}

interface Silence {
  readonly signal: AbortSignal;
  readonly heard: () => void;
  readonly stop: () => void;
}

/** Aborts when nothing was heard for so long. */
function startSilence(ms: number): Silence {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), ms);
  return {
    signal: over.signal,
    heard: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}
