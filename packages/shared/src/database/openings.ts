/**
 * Ways around row level security: objects of others that show rows of our tables to tenants, whichever practice they are of.
 * See docs/decisions/isolation-of-practices.md.
 */
import type { Entity } from "@nexus/catalog";
import {
  type Guarded,
  guardedTables,
  relationsWithRules,
  routines,
  sightOf,
} from "./open-objects.ts";
import { audienceOf } from "./audience.ts";
import { unboundTenants, usersOf } from "./open-uses.ts";
import { openedTables } from "./opened-tables.ts";
import { type Opening, openTo, remedyOf, withoutGuard } from "./opening-words.ts";
import type { Queryable } from "./pool.ts";
import { reviewsOf } from "./reviews.ts";
import { embeddingsTable, targetTables } from "./target-schema.ts";
import { tenantRoles } from "./tenant-roles.ts";
import { type UnguardedTable, unguardedTables } from "./unguarded-tables.ts";

export interface Openings {
  /** Open to tenants or to everybody, with what closes it: to be closed before anything starts. */
  readonly problems: readonly string[];
  /** Open to roles that are no tenants, or looked at by a person and found to be right. */
  readonly notes: readonly string[];
}

/** Only reads. In a transaction with an empty search path, of a target that has its ledger. */
export async function openings(tx: Queryable, entities: readonly Entity[]): Promise<Openings> {
  const { readers } = await tenantRoles(tx);
  const { tenants, others } = await audienceOf(tx, readers);
  const names = [...targetTables(entities), embeddingsTable("", entities)].map(({ name }) => name);
  const tables = await guardedTables(tx, names, tenants);
  const unguarded = await unguardedTables(tx, tables, tenants);
  const opened = [
    ...(await openedObjects(tx, tables, tenants)),
    ...unguarded.filter(({ copies }) => copies.length > 0).map(likelyCopy),
  ];
  const reviews = await reviewsOf(
    tx,
    opened.filter(({ kind }) => kind !== "related table" && kind !== "foreign table"), // They have no definition.
  );
  const users = await usersOf(tx, opened, [...tenants, ...others]);
  const problems = await unboundTenants(tx, readers, names);
  const notes: string[] = [];
  for (const one of opened) {
    const may = users.get(one.oid) ?? [];
    const open = tenants.filter((role) => may.includes(role));
    const review = reviews.get(one.oid);
    if (open.length === 0 && may.length > 0) notes.push(openTo(one, may));
    else if (open.length > 0 && review?.reviewed === true)
      notes.push(`${openTo(one, open)} (reviewed)`);
    else if (open.length > 0)
      problems.push(
        `${openTo(one, open)}: ${remedyOf(one, [...new Set([...readers, ...open])], review)}`,
      );
  }
  return {
    problems,
    notes: [...notes, ...withoutGuard(unguarded.filter(({ copies }) => copies.length === 0))],
  };
}

async function openedObjects(
  tx: Queryable,
  tables: readonly Guarded[],
  tenants: readonly string[],
): Promise<Opening[]> {
  const relations = await relationsWithRules(tx, tables);
  const written = await routines(tx, tenants);
  const owners = [...new Set([...relations, ...written].map(({ owner }) => owner))];
  const reach = openedTables({
    tables,
    relations,
    routines: written,
    sight: await sightOf(tx, owners, tables),
  });
  const nameOf = new Map(tables.map(({ oid, name }) => [oid, name]));
  const shownBy = (oid: number): string[] =>
    [...(reach.get(oid) ?? [])].flatMap((table) => nameOf.get(table) ?? []).sort();
  return [
    ...tables.filter(({ open }) => open).map(relatedTable),
    ...relations.map((one) => ({ ...one, fires: [], shows: shownBy(one.oid) })),
    ...written.map((one) => ({ ...one, shows: shownBy(one.oid) })),
  ].filter(({ shows }) => shows.length > 0);
}

function relatedTable({ oid, name }: Guarded): Opening {
  return {
    oid,
    name,
    kind: "related table",
    fires: [],
    shows: [`rows of the tables that it inherits from or hands down to`],
  };
}

function likelyCopy({ oid, name, copies }: UnguardedTable): Opening {
  return { oid, name, kind: "likely copy", fires: [], shows: copies };
}
