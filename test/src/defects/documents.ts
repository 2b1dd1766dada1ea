/** Defects of documents of Dify in the ledger's record of them: what is missing, of another text, in another practice's dataset, or besides. */
import { contentOf, entities } from "@nexus/catalog";
import type { Recipe } from "./plant.ts";

interface Place {
  readonly entity: string;
  readonly contentType: string;
  readonly table: string;
  readonly key: string;
}

const PLACES: readonly Place[] = entities.flatMap((entity) =>
  [...contentOf([entity]).values()].map(({ contentType, table, key }) => ({
    entity: entity.name,
    contentType,
    table,
    key,
  })),
);

/** `set`: what is done to the documents `d` of the chosen rows `t`. */
function struck(kind: string, { entity, contentType, table, key }: Place, set: string): Recipe {
  const of = `d.content_type = '${contentType}' and d.content_id = t.id and d.document_id is not null`;
  return {
    kind,
    victims: `select t.${key}::bigint as key from public.${table} t join migration.dify_documents d on ${of}`,
    strike: {
      on: "target",
      sql: `update migration.dify_documents d set ${set} from public.${table} t where ${of} and t.${key} = any($1::bigint[])`,
    },
    found: [{ entity, column: "document" }],
  };
}

/** Of another document, whose text is another. */
const OF_ANOTHER = `(select o.sha256 from migration.dify_documents o
  where o.document_id is not null and o.sha256 <> d.sha256 order by hashtext(o.content_id::text || d.content_id::text) limit 1)`;

const ELSEWHERE = `(select s.dataset_id from migration.dify_datasets s
  where s.dataset_id <> d.dataset_id order by hashtext(s.dataset_id || d.content_id::text) limit 1)`;

/** Patients of whom nothing is said to anybody have no document. */
const EXTRA: Recipe = {
  kind: "extra_document",
  victims: `select t.legacy_id::bigint as key from public.patients t
    where coalesce(t.medical_history, '{}') - 'legacy' = '{}' and t.practice_id is not null`,
  strike: {
    on: "target",
    sql: `insert into migration.dify_documents (content_type, content_id, dataset_id, document_id, sha256, version, due_at, settled_at)
      select 'patient', t.id, (select min(dataset_id) from migration.dify_datasets), 'document-' || t.legacy_id, repeat('0', 64), t.xmin, null, now()
      from public.patients t where t.legacy_id = any($1::bigint[])
      on conflict (content_type, content_id) do update set dataset_id = excluded.dataset_id, document_id = excluded.document_id, sha256 = excluded.sha256`,
  },
  found: [{ entity: "patients", column: "document" }],
};

export const DOCUMENTS: readonly Recipe[] = [
  EXTRA,
  ...PLACES.flatMap((place) => [
    struck("missing_document", place, "document_id = null, sha256 = null"),
    struck("stale_document", place, `sha256 = ${OF_ANOTHER}`),
    struck("stale_document", place, "sha256 = null"),
    struck("wrong_practice", place, `dataset_id = ${ELSEWHERE}`),
  ]),
];
