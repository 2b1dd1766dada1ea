/** What a forecast said and what the run then did, in the same words: rows by entity and outcome, reason, note and fate. */
import { createProof, type EntityProgress, type ProofKind } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import type { Journey } from "./journey.ts";

/** `practices loaded`, `case_states rejected case_unresolved`, `profiles note email_invalid:email`, `cases inserted`: how many. None is left out. */
export type Account = Readonly<Record<string, number>>;

/** Has a running extractor carry out a proof of everything. Returns its id. */
async function proveAll({ target }: Journey, kind: ProofKind): Promise<number> {
  const asked = { entities: null, range: null, sample: null, codes: "{}" };
  const id = await createProof(target, kind, asked, { actor: "tester", reason: null });
  const look = async () => {
    const { rows } = await target.query<{ status: string; code: string | null; entities: number }>(
      `select status, error_code as code, (select count(*) from migration.proof_entities where proof_id = $1) as entities
       from migration.proofs where id = $1`,
      [id],
    );
    return rows[0];
  };
  const ended = await eventually(look, {
    until: (found) => found?.status !== "open",
    within: 600_000,
    every: 50,
  });
  if (ended?.status !== "done") throw new Error(`the ${kind} ended with ${ended?.code}`);
  return id;
}

/** What a forecast says. */
export async function forecastOf(journey: Journey): Promise<Account> {
  const id = await proveAll(journey, "forecast");
  const { rows } = await journey.target.query<{ what: string; rows: number }>(
    `select concat_ws(' ', entity, word.before, c.key) as what, c.value::integer as rows
     from migration.proof_entities e
     cross join (values ('outcomes', null), ('fates', null), ('reasons', 'rejected'), ('notes', 'note')) word (part, before)
     cross join jsonb_each_text(e.counts -> word.part) c
     where proof_id = $1 and c.value <> '0' and not (word.part = 'fates' and c.key = 'unchanged')`,
    [id],
  );
  return Object.fromEntries(rows.map((row) => [row.what, row.rows]));
}

/** What the run did. */
export async function accountOf(
  { target }: Journey,
  runId: number,
  progress: readonly EntityProgress[],
): Promise<Account> {
  const counted = progress.flatMap(({ entity, loaded, rejected, parked, inserted, updated }) =>
    Object.entries({ loaded, rejected, parked, inserted, updated }).map(
      ([what, rows]) => [`${entity} ${what}`, rows] as const,
    ),
  );
  const { rows } = await target.query<{ what: string; rows: number }>(
    `select concat_ws(' ', entity, outcome, reason) as what, count(*) as rows
     from migration.exceptions where run_id = $1 and resolved_at is null and outcome = 'rejected' group by 1
     union all
     select concat_ws(' ', b.entity, 'note', n.code || ':' || n.column_name), sum(cardinality(n.legacy_ids))
     from migration.notes n join migration.batches b on b.id = n.batch_id where b.run_id = $1 group by 1`,
    [runId],
  );
  const all = [...counted, ...rows.map((row) => [row.what, row.rows] as const)];
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

/** Differences that a verification reports, changed since or not, as `entity id column kind`. */
export async function differencesOf(journey: Journey): Promise<string[]> {
  const id = await proveAll(journey, "verification");
  const { rows } = await journey.target.query<{ said: string }>(
    `select concat_ws(' ', case when changed_since then '~' end, entity, legacy_id, nullif(column_name, ''), kind) as said
     from migration.proof_differences where proof_id = $1 order by entity, legacy_id, column_name`,
    [id],
  );
  return rows.map(({ said }) => said);
}
