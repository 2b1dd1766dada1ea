/** What the ledger says of the rows in `expected`, as common table expressions. `$1` is the entity's name. */
import { FOUND_EMPTY } from "./read-so-far.ts";

/** Notes that the target decides and no mapping can know: they are not compared. */
const OF_THE_TARGET = ["legacy_id_changed"];

/**
 * `readings (source_key, id, run_id, finished_at)`: of each row in `expected (source_key)` the batches that have read it.
 * Batches are looked up once for all keys, those near them only: a join over all batches of an entity took 40 times as long.
 */
export const READINGS = `
  -- The keys that are looked at.
  bounds as materialized (select min(source_key) as first, max(source_key) as last from expected),
  -- Batches that may have read these rows: ranges, and repairs key by key.
  ranges as materialized (
    select b.id, b.run_id, b.finished_at, b.after_key, b.to_key from migration.batches b, bounds
    where b.entity = $1 and b.status = 'done' and b.after_key < bounds.last and b.to_key >= bounds.first),
  repairs as materialized (
    select b.id, b.run_id, b.finished_at, k.key::bigint as key from migration.batches b, unnest(b.keys) k (key)
    where b.entity = $1 and b.status = 'done' and b.keys is not null),
  -- Which batches have read which row.
  readings as (
    select e.source_key, b.id, b.run_id, b.finished_at from expected e
      join ranges b on e.source_key > b.after_key and e.source_key <= b.to_key
    union all
    select e.source_key, b.id, b.run_id, b.finished_at from expected e join repairs b on b.key = e.source_key)`;

/**
 * `ledger (source_key, outcome, reason, notes, snapshot)`: of each expected row what the newest run that read it says, and what of the
 * source that run could see when it began; of a row that a delta found as it was, what the delta could see. Without outcome: none has read it.
 */
export const LEDGER = `
  ${READINGS},
  -- The newest of them for each row.
  read as (
    select distinct on (source_key) source_key, id as batch_id, run_id from readings
    order by source_key, run_id desc, finished_at desc, id desc),
  -- What it noted.
  noted as (
    select n.key, array_agg(n.code || ':' || n.column_name order by (n.code || ':' || n.column_name) collate "C") as notes
    from (select unnest(legacy_ids) as key, batch_id, code, column_name from migration.notes
          where batch_id in (select batch_id from read) and code <> all('{${OF_THE_TARGET.join(",")}}'::text[])) n
    join read r on r.batch_id = n.batch_id and r.source_key = n.key
    group by n.key),
  -- The rows that are open exceptions.
  open as (
    select distinct on (legacy_id) legacy_id, outcome, reason from migration.exceptions, bounds
    where entity = $1 and resolved_at is null and legacy_id between bounds.first and bounds.last
    order by legacy_id, run_id desc),
  -- The newest run that went through the whole entity; a delta speaks for the rows that it found as they were, too.
  newest as (
    select r.id, r.mode = 'delta' and e.status = 'complete' as compared, r.source_snapshot from migration.runs r join migration.run_entities e on e.run_id = r.id
    where e.entity = $1 and (e.cursor_key > -9223372036854775808 or ${FOUND_EMPTY}) order by r.id desc limit 1),
  -- All of it in one row for each expected one.
  ledger as materialized (
    select e.source_key, coalesce(x.outcome, case when r.batch_id is not null then 'loaded' end) as outcome,
      x.reason, coalesce(n.notes, '{}') as notes,
      case when r.run_id is null or (w.compared and w.id > r.run_id) then w.source_snapshot else u.source_snapshot end::txid_snapshot as snapshot
    from expected e
    left join read r using (source_key)
    left join migration.runs u on u.id = r.run_id
    left join newest w on true
    left join noted n on n.key = e.source_key
    left join open x on x.legacy_id = e.source_key)`;

const NOTES_EXPECTED = `case when cardinality(e.notes) < 2 then e.notes else (select array_agg(n order by n collate "C") from unnest(e.notes) n) end`;

/** What of a row's fate differs between the twin, `e`, and the ledger, `l`: null, or the word for it. */
export const FATE_DIFFERS = `case
    when e.outcome = 'loaded' and l.outcome is null then null
    when e.outcome is distinct from l.outcome then 'outcome'
    when e.outcome = 'rejected' and e.reason is distinct from l.reason then 'reason'
    when e.outcome = 'loaded' and coalesce(${NOTES_EXPECTED}, '{}') <> l.notes then 'notes' end`;
