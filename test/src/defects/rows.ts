/** Defects of whole rows, in the target or by what is done to the source, and of what the ledger says of a row. */
import { CASES_WITH_THEIR_PROJECT, type Found, type Recipe } from "./plant.ts";

/** Rows of the target to which nothing refers. */
function unreferenced(entity: string, key: string, references: readonly string[]): string {
  const none = references.map((place) => {
    const [table = "", column = ""] = place.split(".");
    return `not exists (select from public.${table} r where r.${column} = t.id)`;
  });
  return `select t.${key}::bigint as key from public.${entity} t where ${["true", ...none].join(" and ")}`;
}

function missing(entity: string, references: readonly string[] = []): Recipe {
  return {
    kind: "missing_row",
    victims: unreferenced(entity, "legacy_id", references),
    strike: {
      on: "target",
      sql: `delete from public.${entity} where legacy_id = any($1::bigint[])`,
    },
    found: [{ entity, column: "" }],
  };
}

const MISSING: readonly Recipe[] = [
  missing("projects"),
  missing("practice_members"),
  missing("case_states"),
  missing("workflow_templates"),
  missing("patients", ["cases.patient_id"]),
  missing("profiles", [
    "patients.profile_id",
    "projects.creator_id",
    "practice_members.profile_id",
    "case_states.changed_by",
  ]),
  {
    kind: "missing_row",
    victims: CASES_WITH_THEIR_PROJECT,
    strike: {
      on: "target",
      sql: `with gone as (delete from public.projects where legacy_id = any($1::bigint[]) returning 1)
        delete from public.cases where legacy_project_id = any($1::bigint[]) and (select count(*) from gone) >= 0`,
    },
    found: [
      { entity: "cases", column: "" },
      { entity: "projects", column: "" },
    ],
  },
];

/** Source rows that are not loaded. */
function notLoaded(entity: string): string {
  return `select x.legacy_id::bigint as key from migration.exceptions x
    where x.entity = '${entity}' and x.resolved_at is null and x.legacy_id between 1 and 2147483647`;
}

function extra(entity: string, insert: string): Recipe {
  return {
    kind: "extra_row",
    victims: notLoaded(entity),
    strike: { on: "target", sql: insert },
    found: [{ entity, column: "" }],
  };
}

/** As rows of an entity that is all keys and defaults, and as copies of another row. */
const KEYS = "unnest($1::bigint[]) with ordinality k (key, n)";

const INSERTS: Readonly<Record<string, string>> = {
  practices: `insert into public.practices (legacy_id, name) select key, 'x' from ${KEYS}`,
  profiles: `insert into public.profiles (legacy_id, email) select key, 'x@example.org' from ${KEYS}`,
  patients: `insert into public.patients (legacy_id, first_name) select key, 'x' from ${KEYS}`,
  cases: `insert into public.cases (legacy_project_id, case_number, title, case_type, current_state) select key, 'X-' || key, 'x', 'emergency', 'planning' from ${KEYS}`,
  case_states: `insert into public.case_states (legacy_id, case_id, to_state) select key, (select min(id::text)::uuid from public.cases), 'planning' from ${KEYS}`,
  workflow_templates: `insert into public.workflow_templates (legacy_id, name, case_type) select key, 'x', 'emergency' from ${KEYS}`,
  practice_members: `insert into public.practice_members (legacy_id, practice_id, profile_id, role, is_active)
    select k.key, free.practice_id, free.profile_id, 'doctor', true from ${KEYS} join (
      select o.id as practice_id, p.id as profile_id, row_number() over (order by o.legacy_id, p.legacy_id) as n
      from public.practices o, (select * from public.profiles order by legacy_id desc limit 200) p
      where not exists (select from public.practice_members m where m.practice_id = o.id and m.profile_id = p.id)) free using (n)`,
};

/** Keys behind all that the source has. */
function unknown(entity: string): Recipe {
  return {
    kind: "stale_row",
    victims: "select 1000000000 + n * 7::bigint as key from generate_series(1, 200) n",
    strike: { on: "target", sql: INSERTS[entity] ?? "" },
    found: [{ entity, column: "" }],
  };
}

/** Rows of the source of which no other row's mapping knows. */
function goneFrom(table: string, rows: string, entities: readonly string[]): Recipe {
  return {
    kind: "stale_row",
    from: "source",
    victims: `select t.id::bigint as key from ${table} t where ${rows}`,
    strike: { on: "source", sql: `delete from ${table} where id = any($1::bigint[])` },
    found: entities.map((entity): Found => ({ entity, column: "" })),
  };
}

const STALE = [
  ...["practices", "profiles", "patients", "cases", "case_states", "workflow_templates"].map(
    unknown,
  ),
  goneFrom(
    "dispatch_project",
    "not exists (select from dispatch_plan p where p.project_id = t.id)",
    ["cases", "projects"],
  ),
  goneFrom(
    "dispatch_state",
    "not exists (select from dispatch_state o where o.instruction_id = t.instruction_id and o.id <> t.id) and exists (select from dispatch_plan p where p.instruction_id = t.instruction_id)",
    ["case_states"],
  ),
  goneFrom(
    "dispatch_template",
    "not exists (select from dispatch_template_predecessors p where t.id in (p.from_template_id, p.to_template_id))",
    ["workflow_templates"],
  ),
];

const EXTRA = ["case_states", "practice_members", "patients"].map((entity) =>
  extra(entity, INSERTS[entity] ?? ""),
);

/** Says of loaded rows that they were rejected. */
function refused(entity: string, key = "legacy_id"): Recipe {
  return {
    kind: "outcome_differs",
    victims: `select t.${key}::bigint as key from public.${entity} t`,
    strike: {
      on: "target",
      sql: `insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason)
        select b.run_id, b.entity, k.key, b.id, 'rejected', 'unreadable' from ${KEYS}
        join migration.batches b on b.entity = '${entity}' and b.keys is null and k.key > b.after_key and k.key <= b.to_key`,
    },
    found: [{ entity, column: "outcome" }],
  };
}

function exceptional(entity: string, set: string, column: string): Recipe {
  return {
    kind: "outcome_differs",
    victims: notLoaded(entity),
    strike: {
      on: "target",
      sql: `update migration.exceptions set ${set} where entity = '${entity}' and legacy_id = any($1::bigint[])`,
    },
    found: [{ entity, column }],
  };
}

/** A note that nobody expects. */
function noted(entity: string, key = "legacy_id"): Recipe {
  return {
    kind: "outcome_differs",
    victims: `select t.${key}::bigint as key from public.${entity} t`,
    strike: {
      on: "target",
      sql: `insert into migration.notes (batch_id, code, column_name, legacy_ids)
        select b.id, 'planted', 'x', array_agg(k.key) from ${KEYS}
        join migration.batches b on b.entity = '${entity}' and b.keys is null and k.key > b.after_key and k.key <= b.to_key group by b.id`,
    },
    found: [{ entity, column: "notes" }],
  };
}

/** A note that is lost. */
function unnoted(entity: string): Recipe {
  const notes = `migration.notes n join migration.batches b on b.id = n.batch_id and b.entity = '${entity}'`;
  return {
    kind: "outcome_differs",
    victims: `select distinct i.key::bigint as key from ${notes}, unnest(n.legacy_ids) i (key)`,
    strike: {
      on: "target",
      sql: `update migration.notes n set legacy_ids = array(select i from unnest(n.legacy_ids) i where i <> all($1::bigint[]))
        from migration.batches b where b.id = n.batch_id and b.entity = '${entity}' and n.legacy_ids && $1::bigint[]`,
    },
    found: [{ entity, column: "notes" }],
  };
}

const OF_THE_LEDGER = [
  refused("profiles"),
  refused("cases", "legacy_project_id"),
  refused("projects"),
  exceptional("case_states", "reason = 'unreadable'", "reason"),
  exceptional("practice_members", "resolved_at = now()", "outcome"),
  exceptional(
    "patients",
    "outcome = 'rejected', reason = 'unreadable', missing_entity = null, missing_id = null",
    "outcome",
  ),
  noted("patients"),
  noted("workflow_templates"),
  unnoted("cases"),
  unnoted("profiles"),
];

export const ROWS: readonly Recipe[] = [...MISSING, ...EXTRA, ...STALE, ...OF_THE_LEDGER];
