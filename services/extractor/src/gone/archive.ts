/** Gone rows are marked, and rows that came back are not marked any more. */
import type { Client, Queryable } from "@nexus/shared/database";
import { keepFormer, noteWritten } from "@nexus/shared/ledger";
import type { GoneFate } from "@nexus/shared/tables";
import { inPieces } from "../in-pieces.ts";
import type { GoneRow, Handling } from "./handling.ts";
import { type Marker, markerOf } from "./marker.ts";

/** Marks rows, and keeps which. Returns what became of each key. One that is marked already is left as it is. */
export async function archiveRows(
  tx: Client,
  handling: Handling,
  rows: readonly GoneRow[],
): Promise<readonly (readonly [number, GoneFate])[]> {
  const marker = await markerOf(tx, handling.entity);
  if (marker === undefined) return rows.map(({ key }) => [key, "unmarkable"]);
  const changed = await write(
    tx,
    handling,
    rows.map(({ id }) => id),
    {
      set: marker.set,
      where: `${marker.markable} and not ${marker.marked}`,
    },
  );
  await keepArchived(tx, handling, rows, marker, changed.written);
  const refused = new Set(changed.refused);
  const unmarked = await unmarkedAmong(tx, handling, rows, marker);
  return rows.map(({ id, key }) => {
    if (refused.has(id)) return [key, "refused"];
    return [key, unmarked.has(id) ? "unmarkable" : "archived"];
  });
}

async function keepArchived(
  tx: Client,
  { run, entity }: Handling,
  rows: readonly GoneRow[],
  { marked }: Marker,
  written: readonly string[],
): Promise<void> {
  await tx.query(
    `insert into migration.archived_rows as a (entity, id, legacy_id, run_id, marked)
     select $1, t.id, r.key, $2, t.id = any($5::uuid[])
     from unnest($3::uuid[], $4::integer[]) as r (id, key) join public.${entity.target.table} t on t.id = r.id where ${marked}
     on conflict (entity, id) do update set legacy_id = excluded.legacy_id, run_id = excluded.run_id, marked = excluded.marked,
       archived_at = excluded.archived_at, back_run = null
       where a.back_run is not null or (excluded.marked and not a.marked)`,
    [entity.name, run.id, rows.map(({ id }) => id), rows.map(({ key }) => key), written],
  );
}

async function unmarkedAmong(
  tx: Client,
  { entity }: Handling,
  rows: readonly GoneRow[],
  { marked }: Marker,
): Promise<ReadonlySet<string>> {
  const found = await tx.query<{ id: string }>(
    `select t.id::text as id from public.${entity.target.table} t where t.id = any($1::uuid[]) and not ${marked}`,
    [rows.map(({ id }) => id)],
  );
  return new Set(found.rows.map(({ id }) => id));
}

/** Rows that we have archived, that the run did not find gone, behind a row. At most `limit`. */
export async function cameBack(
  tx: Queryable,
  { entity }: Handling,
  after: string,
  limit: number,
): Promise<string[]> {
  const found = await tx.query<{ id: string }>(
    `select a.id::text as id from migration.archived_rows a
     where a.entity = $1 and a.back_run is null and a.id > $2::uuid
       and not exists (select from migration.gone_rows g where g.entity = a.entity and g.legacy_id = a.legacy_id and not g.stale)
     order by a.id limit $3`,
    [entity.name, after, limit],
  );
  return found.rows.map(({ id }) => id);
}

/** Takes the markers away that we have set. What a rule of the target does not let be changed is tried again by the next run. */
export async function bringBackRows(
  tx: Client,
  handling: Handling,
  ids: readonly string[],
): Promise<void> {
  const { run, entity } = handling;
  const marker = await markerOf(tx, entity);
  const ours = await tx.query<{ id: string }>(
    `select id::text as id from migration.archived_rows where entity = $1 and id = any($2::uuid[]) and marked`,
    [entity.name, ids],
  );
  const theirs = ours.rows.map(({ id }) => id);
  const changed =
    marker && (await write(tx, handling, theirs, { set: marker.unset, where: marker.marked }));
  await tx.query(
    `update migration.archived_rows set back_run = $2 where entity = $1 and id = any($3::uuid[]) and id <> all($4::uuid[])`,
    [entity.name, run.id, ids, changed?.refused ?? []],
  );
}

interface Change {
  readonly set: string;
  readonly where: string;
}

interface Changed {
  readonly written: readonly string[];
  readonly refused: readonly string[];
}

/** Changes those of some rows that a condition holds for, and keeps what they were if the run does. */
async function write(
  tx: Client,
  { run, entity, keepsUndo }: Handling,
  ids: readonly string[],
  { set, where }: Change,
): Promise<Changed> {
  const { table } = entity.target;
  const { done, refused } = await inPieces(tx, ids, async (some) => {
    const which = { entity: entity.name, table, where: `t.id = any($4::uuid[]) and ${where}` };
    if (keepsUndo)
      await keepFormer(tx, { runId: run.id, batchId: null }, { ...which, values: [some] });
    const updated = await tx.query<{ id: string; xid: number }>(
      `update public.${table} t set ${set} where t.id = any($1::uuid[]) and ${where} returning t.id::text as id, t.xmin::text::bigint as xid`,
      [some],
    );
    return updated.rows;
  });
  const rows = done.flat();
  if (keepsUndo && rows.length > 0)
    await noteWritten(
      tx,
      run.id,
      rows.map(({ xid }) => xid),
    );
  return { written: rows.map(({ id }) => id), refused };
}
