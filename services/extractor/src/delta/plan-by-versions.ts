/** Plans what has changed of an entity of which is known, row by row, from which versions it was read: the fingerprints of those rows only are asked for. */
import { type Entity, GROUP_BITS } from "@nexus/catalog";
import { inTransaction } from "@nexus/shared/database";
import {
  type Key,
  type Known,
  knownOf,
  type PlanCursor,
  recordDelta,
  type Run,
} from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { type Ask, type AskBounds, rowsWithKeys } from "./ask-fingerprints.ts";
import { isListed, listsOf, pagesOf } from "./changed-rows.ts";
import { shapeOf } from "./known.ts";
import { type Suspects, suspects } from "./kept-versions.ts";

/** So many groups of rows are looked at; where there are more, ranges are compared. */
const MOST = 10_000;

/** Groups whose rows are asked for in one statement. */
const GROUPS = 500;

/** Plans all that is known of the entity, in one step. Returns false where that cannot be: it is planned range by range. */
export async function planByVersions(
  deps: Deps,
  run: Run,
  entity: Entity,
  cursor: PlanCursor,
  { version, bounds }: { readonly version: string; readonly bounds: AskBounds },
): Promise<boolean> {
  const { legacy, target, settings } = deps;
  const known = await knownOf(target, entity.name, version);
  if (known === undefined) return false;
  const of = { runId: run.id, entity: entity.name, version, upTo: known.to };
  const found = await suspects(target, of, MOST + 1);
  if (found === undefined || found.length > MOST) return false;
  if (!found.every(({ place }) => keysOf(place).every(isListed))) return false;
  const shape = await shapeOf(deps, run);
  const changed = await changedAmong({ legacy, entity, shape, bounds }, found, known.to);
  await inTransaction(target, (tx) =>
    recordDelta(tx, run.id, entity.name, cursor, {
      to: known.to,
      ranges: [],
      keys: listsOf([changed], settings.batchRows),
      ...countsOf(known, changed),
    }),
  );
  return true;
}

/** All keys that a row of the group may have. */
function keysOf(place: Key): Key[] {
  const size = 2 ** GROUP_BITS;
  return Array.from({ length: size }, (_, n) => Number(place) * size + n);
}

interface Changed {
  readonly keys: Key[];
  readonly gone: Key[];
  /** Rows that were known and are not as they were, and the ranges that hold them. */
  known: number;
  readonly ranges: Set<number>;
}

/** A row that was written, and is as it was for what is read of it, is none that changed. Rows behind the last one that is known are planned like those of a full run. */
async function changedAmong(ask: Ask, found: readonly Suspects[], upTo: Key): Promise<Changed> {
  const changed: Changed = { keys: [], gone: [], known: 0, ranges: new Set() };
  for (const groups of pagesOf(found, GROUPS)) {
    const asked = groups.flatMap(({ place }) => keysOf(place));
    const now = await rowsWithKeys(
      ask,
      asked.filter((key) => Number(key) <= Number(upTo)),
    );
    const before = new Map(
      groups.flatMap(({ keys, hashes }) => keys.map((key, n) => [key, String(hashes[n])])),
    );
    const ranges = new Map(
      groups.flatMap(({ keys, ranges: of }) => keys.map((key, n) => [key, of[n]])),
    );
    const keys = [...now].flatMap(([key, hash]) => (before.get(key) === hash ? [] : [key]));
    const gone = [...before.keys()].filter((key) => !now.has(key));
    changed.keys.push(...keys);
    changed.gone.push(...gone);
    for (const key of [...keys, ...gone]) {
      const range = ranges.get(key);
      if (range === undefined) continue;
      changed.known += 1;
      changed.ranges.add(range);
    }
  }
  return changed;
}

function countsOf({ rows, ranges }: Known, changed: Changed) {
  return { unchanged: rows - changed.known, compared: ranges, equal: ranges - changed.ranges.size };
}
