/** What an adoption found and did. */
import type { AdoptionView, Finding } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import {
  adoptionEntities,
  adoptionFindings,
  adoptions,
  and,
  desc,
  eq,
  given,
  iso,
  query,
  read,
  sql,
} from "@nexus/shared/tables";
import { z } from "zod";

const counts = z.record(z.string(), z.int());
const places = z.array(
  z.object({
    place: z.string(),
    rows: z.int(),
    inSource: z.int(),
    comparable: z.int(),
    agreeing: z.int(),
    used: z.boolean(),
  }),
);

const changes = z.object({ rows: z.int(), columns: counts }).nullable();

const facts = {
  id: adoptions.id,
  kind: adoptions.kind,
  status: adoptions.status,
  createdAt: iso(adoptions.created_at),
  finishedAt: iso(adoptions.finished_at),
  errorCode: adoptions.error_code,
};

/** One adoption by its id, with what it found in each entity that has strangers. */
export async function findAdoption(db: Queryable, id: number): Promise<AdoptionView | undefined> {
  const [found] = await read(db, query.select(facts).from(adoptions).where(eq(adoptions.id, id)));
  return found === undefined ? undefined : { ...found, entities: await entitiesOf(db, id) };
}

/** Adoptions, newest first. `before`: where the page before ended. */
export async function listAdoptions(
  db: Queryable,
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<Omit<AdoptionView, "entities">[]> {
  return await read(
    db,
    query
      .select(facts)
      .from(adoptions)
      .where(given(before, (id) => sql`${adoptions.id} < ${id}::bigint`))
      .orderBy(desc(adoptions.id))
      .limit(limit),
  );
}

interface Row {
  readonly entity: string;
  readonly strangers: number;
  readonly adopted: number;
  readonly byKey: string;
  readonly places: string;
  readonly changes: string | null;
  readonly left: string;
}

async function entitiesOf(db: Queryable, id: number): Promise<AdoptionView["entities"]> {
  const found = await db.query<Row>(
    `select e.entity, e.strangers, e.adopted, e.by_key::text as "byKey", e.places::text as places, e.changes::text as changes, l.left::text as "left"
     from migration.adoption_entities e
     cross join lateral (
       select coalesce(json_object_agg(reason, rows), '{}') as "left" from (
         select reason, count(*) as rows from migration.adoption_findings f
         where f.adoption_id = e.adoption_id and f.entity = e.entity group by reason order by reason) r) l
     where e.adoption_id = $1 order by e.position`,
    [id],
  );
  return found.rows.map((row) => ({
    ...row,
    byKey: counts.parse(JSON.parse(row.byKey)),
    left: counts.parse(JSON.parse(row.left)),
    places: places.parse(JSON.parse(row.places)),
    changes: changes.parse(JSON.parse(row.changes ?? "null")),
  }));
}

const finding = {
  entity: adoptionFindings.entity,
  id: adoptionFindings.id,
  reason: adoptionFindings.reason,
  legacyId: adoptionFindings.legacy_id,
  via: adoptionFindings.via,
  children: adoptionFindings.children,
};

export interface FindingFilter {
  readonly entity: string | undefined;
  readonly reason: Finding["reason"] | undefined;
  /** Of the page before, how many rows came until its end. */
  readonly after: number;
  readonly limit: number;
}

/** Rows that were left alone, duplicates of one source row beside each other. */
export async function listFindings(
  db: Queryable,
  id: number,
  { entity, reason, after, limit }: FindingFilter,
): Promise<Finding[]> {
  const { adoption_id, reason: why, legacy_id } = adoptionFindings;
  return await read(
    db,
    query
      .select(finding)
      .from(adoptionFindings)
      .innerJoin(
        adoptionEntities,
        and(
          eq(adoptionEntities.adoption_id, adoption_id),
          eq(adoptionEntities.entity, adoptionFindings.entity),
        ),
      )
      .where(
        and(
          eq(adoption_id, id),
          given(entity, (one) => eq(adoptionFindings.entity, one)),
          given(reason, (one) => eq(why, one)),
        ),
      )
      .orderBy(adoptionEntities.position, why, legacy_id, adoptionFindings.id)
      .offset(after)
      .limit(limit),
  );
}
