/** Step `verification`: after the last delta the second bookkeeping finds no difference, in any row of any entity. */
import type { Client } from "@nexus/shared/database";
import { createProof, lockStarts, openProof, recordAudit } from "@nexus/shared/ledger";
import { lastDelta } from "./delta.ts";
import { type Found, met, migrated, notMet, open, toDo, type Verdict, type Walk } from "./step.ts";

const AGAIN_MS = 250;

export async function verificationStep(walk: Walk): Promise<Found> {
  if (walk.cutover.kind === "plan") return toDo("verification_to_do");
  const { proof }: { proof?: number } = JSON.parse(walk.steps.get("verification")?.facts ?? "{}");
  if (proof === undefined) return (tx) => begin(walk, tx);
  return await resultOf(walk, proof);
}

/** `VERIFY=after_settle` may have asked for the same before us; another proof that is under way is waited for. */
async function begin(walk: Walk, tx: Client): Promise<Verdict> {
  const { actor, reason } = walk.cutover;
  const runId = lastDelta(walk);
  await lockStarts(tx);
  const asked = await tx.query<{ id: number }>(
    `select id from migration.proofs where run_id = $1 and kind = 'verification'`,
    [runId],
  );
  const [same] = asked.rows;
  if (same !== undefined) return open({ proof: same.id }, AGAIN_MS);
  if ((await openProof(tx)) !== undefined) return open({}, AGAIN_MS);
  const entities = migrated(walk);
  const by = { actor, reason };
  const proof = await createProof(
    tx,
    "verification",
    { entities, range: null, sample: null, codes: null },
    by,
    runId,
  );
  await recordAudit(tx, by, { action: "verify", runId, details: { proof, entities } });
  return open({ proof }, AGAIN_MS);
}

interface Result {
  readonly status: "open" | "done" | "failed";
  readonly proofCode: string | null;
  readonly rows: number;
  readonly differences: number;
  /** `stale_row 3, changed_cell 1` */
  readonly kinds: string | null;
  readonly changedSince: number;
  /** Entities about which nothing can be said, separated by commas; null: none. */
  readonly unproved: string | null;
}

async function resultOf({ deps }: Walk, proof: number): Promise<Verdict> {
  const found = await deps.target.query<Result>(
    `select p.status, p.error_code as "proofCode", coalesce(sum(e.rows), 0)::bigint as rows,
       coalesce(sum((select sum(k.value::bigint) from jsonb_each_text(e.counts) k)), 0)::bigint as differences,
       (select string_agg(k.kind || ' ' || k.rows, ', ' order by k.kind) from (
          select d.key as kind, sum(d.value::bigint) as rows
          from migration.proof_entities of, jsonb_each_text(of.counts) d where of.proof_id = p.id group by 1) k) as kinds,
       coalesce(sum(e.changed_since), 0)::bigint as "changedSince",
       string_agg(e.entity, ',' order by e.position) filter (where e.status <> 'proved') as unproved
     from migration.proofs p left join migration.proof_entities e on e.proof_id = p.id where p.id = $1 group by p.id`,
    [proof],
  );
  const [result] = found.rows;
  if (result === undefined) throw new Error("a verification that is none");
  const { status, proofCode, rows, differences, kinds, changedSince, unproved } = result;
  if (status === "open") return open({ proof }, AGAIN_MS);
  if (status === "failed") return notMet("verification_failed", { proof, proofCode });
  if (differences > 0) return notMet("verification_differs", { proof, differences, kinds });
  if (changedSince > 0) return notMet("verification_moved", { proof, changedSince });
  return met({ proof, rows, unproved: unproved?.split(",") ?? [] });
}
