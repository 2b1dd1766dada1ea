/** Writes what was found: legacy keys a range at a time, then the account of the entity. */
import type { Entity } from "@nexus/catalog";
import type { Changes, Client } from "@nexus/shared/database";
import { type Adoption, SINCE_LAST_RUN } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { whileOpen } from "../asked-work.ts";
import type { Deps } from "../deps.ts";
import type { Match } from "./match.ts";
import type { Recognised } from "./recognise.ts";

/** Rows of one transaction. */
const RANGE = 1_000;

/** As whoever carries it out holds it. */
export function asked({ id }: Adoption) {
  return { work: "adoptions", id } as const;
}

/** Gives the matched rows their legacy keys, and nothing else. A row that has one by now keeps it. */
export async function writeKeys(
  deps: Deps,
  adoption: Adoption,
  { entity, matches }: Recognised,
): Promise<void> {
  const ordered = matches.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  for (let at = 0; at < ordered.length; at += RANGE)
    await whileOpen(deps, asked(adoption), async (tx) => {
      await writeRange(tx, adoption, entity, ordered.slice(at, at + RANGE));
      failpoint("adopt.keyed");
    });
}

async function writeRange(
  tx: Client,
  { id }: Adoption,
  entity: Entity,
  range: readonly Match[],
): Promise<void> {
  const { table, key } = entity.target;
  await tx.query(
    `with given as (select * from unnest($1::uuid[], $2::integer[], $3::text[]) as g (id, legacy_key, via)),
     adopted as (
       update public.${table} t set ${key} = g.legacy_key from given g
       where t.id = g.id and t.${key} is null and not exists (select from public.${table} o where o.${key} = g.legacy_key)
       returning t.id, g.legacy_key, g.via)
     insert into migration.adopted_rows (entity, id, legacy_key, via, adoption_id)
     select $4, id, legacy_key, via, $5 from adopted`,
    [
      range.map((one) => one.id),
      range.map((one) => one.legacyKey),
      range.map((one) => one.via),
      entity.name,
      id,
    ],
  );
}

/** What was found in an entity, and, of a plan, what the first run will change. */
export interface Told extends Recognised {
  readonly changes: Changes | null;
}

/** Keeps the account of an entity: what was found in it, and what was left alone, and why. Says that it is done. */
export async function recordEntity(
  tx: Client,
  adoption: Adoption,
  { entity, strangers, matches, left, places, changes }: Told,
  position: number,
): Promise<void> {
  const before = await adoptedBy(tx, adoption, entity);
  const byKey = adoption.kind === "plan" ? tally(matches) : before;
  const adopted = Object.values(byKey).reduce((sum, rows) => sum + rows, 0);
  const already = adoption.kind === "plan" ? 0 : adopted - matches.length;
  if (strangers + already === 0) return;
  await tx.query(
    `insert into migration.adoption_entities (adoption_id, entity, position, strangers, adopted, by_key, places, changes)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb)`,
    [
      adoption.id,
      entity.name,
      position,
      strangers + already,
      adopted,
      JSON.stringify(byKey),
      JSON.stringify(places),
      changes === null ? null : JSON.stringify(changes),
    ],
  );
  await tx.query(
    `insert into migration.adoption_findings (adoption_id, entity, id, reason, legacy_id, via)
     select $1, $2, f.id, f.reason, f.legacy_id, f.via
     from unnest($3::uuid[], $4::text[], $5::bigint[], $6::text[]) as f (id, reason, legacy_id, via)`,
    [
      adoption.id,
      entity.name,
      left.map((one) => one.id),
      left.map((one) => one.reason),
      left.map((one) => one.legacyId),
      left.map((one) => one.via),
    ],
  );
}

function tally(matches: readonly Match[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { via } of matches) counts[via] = (counts[via] ?? 0) + 1;
  return counts;
}

/** An adoption that was interrupted has given some keys before. */
async function adoptedBy(
  tx: Client,
  { id }: Adoption,
  { name }: Entity,
): Promise<Record<string, number>> {
  const found = await tx.query<{ via: string; rows: number }>(
    `select via, count(*) as rows from migration.adopted_rows where adoption_id = $1 and entity = $2 group by via order by via`,
    [id, name],
  );
  return Object.fromEntries(found.rows.map(({ via, rows }) => [via, rows]));
}

/** Counts, for each duplicate, the rows of the target that refer to it. */
export async function countChildren(
  tx: Client,
  { id }: Adoption,
  entity: Entity,
  entities: readonly Entity[],
): Promise<void> {
  const children = entities.flatMap(({ target: { table, columns } }) =>
    Object.entries(columns)
      .filter(([, { references }]) => references === entity.name)
      .map(([column]) => `(select count(*) from public.${table} c where c.${column} = f.id)`),
  );
  await tx.query(
    `update migration.adoption_findings f set children = ${["0", ...children].join(" + ")}
     where adoption_id = $1 and entity = $2 and reason = 'duplicate'`,
    [id, entity.name],
  );
}

/** Takes back the keys that were given since the newest run began, a range at a time. */
export async function undo(
  deps: Deps,
  adoption: Adoption,
  entities: readonly Entity[],
): Promise<number> {
  let undone = 0;
  for (const entity of entities.toReversed())
    for (let rows = RANGE; rows === RANGE; undone += rows)
      rows = await whileOpen(deps, asked(adoption), async (tx) => {
        const undoing = await undoRange(tx, entity);
        failpoint("adopt.undone");
        return undoing;
      });
  return undone;
}

async function undoRange(tx: Client, { name, target: { table, key } }: Entity): Promise<number> {
  const undone = await tx.query(
    `with given as (
       select id, legacy_key from migration.adopted_rows a where entity = $1 and ${SINCE_LAST_RUN} order by id limit ${RANGE} for update),
     given_back as (
       update public.${table} t set ${key} = null from given g where t.id = g.id and t.${key} = g.legacy_key)
     delete from migration.adopted_rows a using given g where a.entity = $1 and a.id = g.id`,
    [name],
  );
  return undone.rowCount ?? 0;
}
