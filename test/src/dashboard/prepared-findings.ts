/** What an adoption and a verification of the prepared target have found. */
import type { Queryable } from "@nexus/shared/database";

const PLANNED = {
  byKey: { "metadata.legacy_user_id": 271, email: 203 },
  places: [
    {
      place: "metadata.legacy_user_id",
      rows: 275,
      inSource: 275,
      comparable: 260,
      agreeing: 258,
      used: true,
    },
  ],
  changes: { rows: 12, columns: { email: 3, role: 11 } },
};

/** Keys were given before the first run; the plan since then found people whom another tool has loaded meanwhile. */
export async function writeAdoptions(db: Queryable): Promise<void> {
  await db.query(
    `insert into migration.adoptions (kind, status, asked, actor, reason, created_at, finished_at)
     select kind, 'done', '{}', 'maria@lab', 'an earlier tool filled half of it', now() - began, now() - began + interval '7 s'
     from (values ('plan', interval '74 h'), ('adopt', interval '73 h'), ('plan', interval '6 h')) a (kind, began)`,
  );
  await db.query(
    `insert into migration.adoption_entities (adoption_id, entity, position, strangers, adopted, by_key, places, changes)
     values (2, 'practices', 0, 84, 84, '{"name, address": 84}', '[]', null), (3, 'profiles', 1, 512, 474, $1::jsonb, $2::jsonb, $3::jsonb)`,
    [PLANNED.byKey, PLANNED.places, PLANNED.changes].map((one) => JSON.stringify(one)),
  );
  await db.query(
    `insert into migration.adoption_findings (adoption_id, entity, id, reason, legacy_id, via, children)
     select 3, 'profiles', md5(n::text)::uuid, case when n > 2 then 'no_match' else 'duplicate' end,
       case when n <= 2 then 4711 end, case when n <= 2 then 'email' end, case when n <= 2 then 3 * (n - 1) end
     from generate_series(1, 38) n`,
  );
}

/** Of what the first run had loaded: profiles changed by others, practices as they should be, patients with a mapping that stands there once. */
export async function writeVerification(db: Queryable): Promise<void> {
  await db.query(
    `insert into migration.proofs (kind, status, asked, actor, reason, created_at, finished_at)
     values ('verification', 'done', '{"entities": null, "range": null, "sample": null, "codes": null}', 'maria@lab',
       'before the stakeholders look', now() - interval '46 h', now() - interval '46 h' + interval '90 s');
     insert into migration.proof_entities (proof_id, entity, position, status, rows, counts, changed_since, vectors)
     values (1, 'practices', 0, 'proved', 120, '{}', 0, null), (1, 'profiles', 1, 'proved', 8340, '{"changed_cell": 29, "missing_row": 1}', 4, null),
       (1, 'patients', 2, 'without_twin', 0, '{}', 0, '{"items": 5000, "pending": 12}'), (1, 'cases', 3, 'unread', 0, '{}', 0, '{"items": 0, "pending": 0}');
     insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads, changed_since)
     select 1, 'profiles', n, case when n = 30 then '' else 'email' end, case when n = 30 then 'missing_row' else 'changed_cell' end, 2, n > 30
     from generate_series(1, 34) n`,
  );
}
