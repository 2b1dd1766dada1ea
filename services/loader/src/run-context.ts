/** What is the same for every batch of a run: read once per run and process. */
import { type Codes, type Entity, parseCodes, type SourceShape } from "@nexus/catalog";
import { ConfigurationError } from "@nexus/shared/config";
import {
  type Pool,
  profilesNeedUsers,
  readSourceShape,
  readTargetTables,
  type TargetTable,
} from "@nexus/shared/database";
import {
  adoptedBefore,
  findRun,
  fingerprintVersion,
  idNamespace,
  keepsUndo,
  sourceAtBegin,
} from "@nexus/shared/ledger";

import type { SourceEncoding } from "./source.ts";

export interface RunContext {
  readonly codes: Codes;
  readonly embeddings: boolean;
  readonly dify: boolean;
  readonly idNamespace: string;
  /** The source as the run began with it. */
  readonly shape: SourceShape;
  /** PostgreSQL's name of the encoding in which the source says that it stores text. */
  readonly sourceEncoding: string;
  /** What of an entity's table is otherwise than we would have made it. */
  readonly tables: (entity: Entity) => TargetTable;
  /** Entities with rows that were adopted since the run of theirs before: the instant of that run. Their changes are counted. */
  readonly adoptedAfter: ReadonlyMap<string, string>;
  /** Whether what rows were before is kept, for a rollback. */
  readonly undo: boolean;
  /** Whether each profile needs an account of Supabase Auth before it, and the run makes them. */
  readonly accountsFirst: boolean;
  /** What the outcomes of an entity's rows depend on beside the rows, as a digest; undefined where the run keeps no fingerprints. */
  readonly fingerprinted: ((entity: Entity) => string) | undefined;
}

/** What a loader knows of itself: the mapping that it runs, and how it reads text. */
export interface Self {
  /** A digest. */
  readonly mapping: string;
  readonly encoding: SourceEncoding;
}

/**
 * Remembers the context of the newest run. A failed look-up is not remembered. `zone`: where times without one were written, if
 * the run does not say. Without `self` no fingerprints are kept.
 */
export function rememberRunContext(
  legacy: Pool,
  target: Pool,
  zone?: string,
  self?: Self,
): (runId: number) => Promise<RunContext> {
  let newest: { runId: number; context: Promise<RunContext> } | undefined;
  return (runId) => {
    if (newest?.runId !== runId) {
      const context = readRunContext(legacy, target, runId, zone, self);
      newest = { runId, context };
      context.catch(() => {
        if (newest?.context === context) newest = undefined;
      });
    }
    return newest.context;
  };
}

async function readRunContext(
  legacy: Pool,
  target: Pool,
  runId: number,
  zone?: string,
  self?: Self,
): Promise<RunContext> {
  const [run, shape, namespace, tables, adoptedAfter, undo] = await Promise.all([
    findRun(target, runId),
    sourceAtBegin(target, runId),
    idNamespace(target),
    readTargetTables(target),
    adoptedBefore(target, runId),
    keepsUndo(target, runId),
  ]);
  const encoding = await legacy.query<{ name: string }>(
    "select current_setting('server_encoding') as name",
  );
  if (run === undefined || namespace === undefined)
    throw new ConfigurationError(
      "TARGET_URL: the target has no such run or no id namespace: run `npm run nexus migrate`",
    );
  const sourceEncoding = encoding.rows[0]?.name ?? "UTF8";
  const seen = shape ?? (await readSourceShape(legacy, run.sourceTimezone ?? zone));
  return {
    codes: parseCodes(JSON.parse(run.codes)),
    embeddings: run.embeddings,
    dify: run.dify,
    idNamespace: namespace,
    shape: seen,
    sourceEncoding,
    tables,
    adoptedAfter,
    undo,
    accountsFirst: run.accounts && (await profilesNeedUsers(target)),
    fingerprinted:
      run.fingerprints && self !== undefined
        ? onceFor((entity) =>
            fingerprintVersion(entity, {
              ...self,
              codes: run.codes,
              idNamespace: namespace,
              shape: seen,
              sourceEncoding,
              table: tables(entity),
            }),
          )
        : undefined,
  };
}

/** What it is computed from stays the same for the whole context: once for each entity, not for each batch (1.2 ms of cases, measured). */
function onceFor(compute: (entity: Entity) => string): (entity: Entity) => string {
  const known = new Map<string, string>();
  return (entity) => {
    const found = known.get(entity.name) ?? compute(entity);
    known.set(entity.name, found);
    return found;
  };
}
