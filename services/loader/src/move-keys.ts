/**
 * Legacy keys that are not the source's own, and change there: `uid` of a project, in the shape where it is a number. The row is the
 * same, and keeps its id; only its key moves. Two rows may swap theirs.
 */
import { type Entity, extractionSql, idOf, type LoadedRow, sourceKey } from "@nexus/catalog";
import { type Client, readOnly } from "@nexus/shared/database";
import { keepFormer, type Writer } from "@nexus/shared/ledger";
import type { RunContext } from "./run-context.ts";
import type { Source } from "./source.ts";
import type { Refused } from "./upsert.ts";

/** Rows that may be written under their keys, and those whose key belongs to another source row. */
export interface Moved {
  readonly rows: readonly LoadedRow[];
  readonly refused: readonly Refused[];
}

/** A row of the target that has one of our ids or one of our keys, but not both. */
interface Found {
  readonly id: string;
  readonly held: number;
  /** The source row that it was made of; null if it was there before us. */
  readonly origin: number | null;
  /** Our source row and its key, found by the id or by the key. */
  readonly ours: number;
  readonly wanted: number;
  readonly by: "id" | "key";
}

interface Context extends Pick<RunContext, "idNamespace" | "shape"> {
  readonly undo: Writer | undefined;
}

/** Gives target rows the keys that their source rows have now. Asks the source only where a key is another row's. */
export async function moveKeys(
  tx: Client,
  source: Pick<Source, "legacy" | "legacyStatementMs" | "signal">,
  run: Context,
  entity: Entity,
  all: readonly LoadedRow[],
): Promise<Moved> {
  const { key, origin } = entity.target;
  if (origin === null || all.every(({ row, legacyId }) => row[key] === legacyId))
    return { rows: all, refused: [] };
  const { rows, twice } = firstOfEach(key, all);
  const found = await findApart(tx, run, entity, origin, rows);
  const moving = found.filter(({ by }) => by === "id");
  const ids = new Set(moving.map(({ id }) => id));
  const holders = found.filter(({ by, id }) => by === "key" && !ids.has(id));
  const kept = await stillTheirs(
    source,
    run,
    entity,
    holders,
    new Set(moving.map(({ ours }) => ours)),
  );
  const displaced = holders.filter((one) => !kept.has(one.ours) && isAnothers(one));
  const parked = [
    ...moving.map(({ id, held, ours }) => ({ id, held, key: -ours })),
    ...displaced.map(({ id, held, origin: theirs, ours }) => ({
      id,
      held,
      key: -(theirs ?? ours),
    })),
  ];
  const free = moving.filter(({ ours }) => !kept.has(ours));
  await keepMoving(tx, run.undo, entity, parked);
  // All step aside before any has its new key: each is unique.
  await setKeys(tx, entity, parked);
  await setKeys(
    tx,
    entity,
    free.map(({ id, ours, wanted }) => ({ id, held: -ours, key: wanted })),
  );
  const refused = [...twice, ...rows.filter(({ legacyId }) => kept.has(legacyId))];
  return {
    rows: rows.filter(({ legacyId }) => !kept.has(legacyId)),
    refused: refused.map(({ legacyId }) => ({ legacyId, sqlState: "23505", column: key })),
  };
}

/** Of rows with one key the first in the source's order has it. */
function firstOfEach(
  key: string,
  all: readonly LoadedRow[],
): { rows: LoadedRow[]; twice: LoadedRow[] } {
  const first = new Map(all.toReversed().map((one) => [one.row[key], one]));
  const isFirst = (one: LoadedRow): boolean => first.get(one.row[key]) === one;
  return { rows: all.filter(isFirst), twice: all.filter((one) => !isFirst(one)) };
}

async function findApart(
  tx: Client,
  { idNamespace }: Context,
  entity: Entity,
  origin: string,
  rows: readonly LoadedRow[],
): Promise<Found[]> {
  const { table, key } = entity.target;
  const pick = (
    by: Found["by"],
  ): string => `select t.id, t.${key} as held, t.${origin} as origin, w.ours, w.key as wanted, '${by}' as by
    from w join lateral (select * from public.${table} o where o.${by === "id" ? "id = w.id" : `${key} = w.key`} limit 1) t on `;
  const { rows: found } = await tx.query<Found & { origin: string | null }>(
    `with w as (select * from unnest($1::uuid[], $2::integer[], $3::integer[]) as u (id, key, ours))
     ${pick("id")} t.${key} is distinct from w.key union all ${pick("key")} t.id <> w.id`,
    [
      rows.map(({ legacyId }) => idOf(idNamespace, entity.name, legacyId)),
      rows.map(({ row }) => row[key]),
      rows.map(({ legacyId }) => legacyId),
    ],
  );
  return found.map((one) => ({ ...one, origin: one.origin === null ? null : Number(one.origin) }));
}

function isAnothers({ origin, ours }: Found): boolean {
  return origin !== null && Number.isSafeInteger(origin) && origin !== ours;
}

/**
 * Our source rows whose key is not to be had: the row that holds it has it in the source too; or it was there before us, while
 * ours has a row of its own.
 */
async function stillTheirs(
  {
    legacy,
    legacyStatementMs: statementMs,
    signal,
  }: Pick<Source, "legacy" | "legacyStatementMs" | "signal">,
  { shape }: Context,
  entity: Entity,
  holders: readonly Found[],
  haveRows: ReadonlySet<number>,
): Promise<Set<number>> {
  const theirs = holders.filter(isAnothers);
  const sql = extractionSql(entity, shape, "keys");
  const origins = theirs.map(({ origin }) => origin);
  const claims =
    theirs.length === 0
      ? []
      : (
          await readOnly(legacy, (tx) => tx.query<Record<string, unknown>>(sql, [origins]), {
            statementMs,
            signal,
          })
        ).rows;
  const claimed = new Map(
    claims.map((row) => [sourceKey(row["id"]), sourceKey(row[entity.target.key])]),
  );
  const taken = theirs.filter(({ origin, held }) => claimed.get(origin) === held);
  const before = holders.filter((one) => !isAnothers(one) && haveRows.has(one.ours));
  return new Set([...taken, ...before].map(({ ours }) => ours));
}

async function keepMoving(
  tx: Client,
  undo: Writer | undefined,
  { name, target: { table, key } }: Entity,
  moves: readonly { readonly id: string; readonly held: number; readonly key: number }[],
): Promise<void> {
  const real = moves.filter((move) => move.held !== move.key);
  if (undo === undefined || real.length === 0) return;
  const where = `exists (select from unnest($4::uuid[], $5::integer[]) as m (id, held) where m.id = t.id and m.held = t.${key})`;
  const values = [real.map(({ id }) => id), real.map(({ held }) => held)];
  await keepFormer(tx, undo, { entity: name, table, where, values });
}

/** A key that somebody else has moved meanwhile is left alone. */
async function setKeys(
  tx: Client,
  { target: { table, key } }: Entity,
  moves: readonly { readonly id: string; readonly held: number; readonly key: number }[],
): Promise<void> {
  const real = moves.filter((move) => move.held !== move.key);
  if (real.length === 0) return;
  await tx.query(
    `update public.${table} t set ${key} = m.key from unnest($1::uuid[], $2::integer[], $3::integer[]) as m (id, held, key)
     where t.id = m.id and t.${key} is not distinct from m.held`,
    [real.map(({ id }) => id), real.map(({ held }) => held), real.map(({ key: wanted }) => wanted)],
  );
}
