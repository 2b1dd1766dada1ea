/** What an adoption found and did. */
import type { AdoptionView, Finding } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { adoptions, eq, iso, query, read } from "@nexus/shared/tables";
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

interface Row {
  readonly entity: string;
  readonly strangers: number;
  readonly adopted: number;
  readonly byKey: string;
  readonly places: string;
  readonly left: string;
}

async function entitiesOf(db: Queryable, id: number): Promise<AdoptionView["entities"]> {
  const found = await db.query<Row>(
    `select e.entity, e.strangers, e.adopted, e.by_key::text as "byKey", e.places::text as places, l.left::text as "left"
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
  }));
}

export interface FindingFilter {
  readonly entity: string | undefined;
  readonly reason: string | undefined;
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
  const found = await db.query<Finding>(
    `select f.entity, f.id::text as id, f.reason, f.legacy_id as "legacyId", f.via, f.children
     from migration.adoption_findings f join migration.adoption_entities e using (adoption_id, entity)
     where f.adoption_id = $1 and ($2::text is null or f.entity = $2) and ($3::text is null or f.reason = $3)
     order by e.position, f.reason, f.legacy_id nulls last, f.id offset $4 limit $5`,
    [id, entity ?? null, reason ?? null, after, limit],
  );
  return found.rows;
}
