/** Steps that only look: whether we are alone, what is left to be made, what a person has to decide, and whether there is a backup. */
import {
  backupsAreTaken,
  busyWith,
  cutOver,
  difyProgress,
  embeddingProgress,
  openProof,
  openSync,
  undecidedExceptions,
  unfinishedEntities,
} from "@nexus/shared/ledger";
import type { Queryable } from "@nexus/shared/database";
import {
  type Found,
  met,
  migrated,
  notMet,
  open,
  refusedBy,
  toDo,
  type Verdict,
  type Walk,
} from "./step.ts";

/** Milliseconds between two looks at a run that is waited for. */
const AGAIN_MS = 250;

/** Nothing else is under way that writes or compares the target. */
export async function aloneStep({ deps: { target }, cutover }: Walk): Promise<Verdict> {
  const busy = (await busyWith(target, cutover.id)) ?? (await cutOver(target));
  // The delta of a source that is followed ends by itself, and none is begun while a cut-over is open.
  const sync = await openSync(target);
  if (busy?.kind === "run_active" && busy.runId === sync?.runId)
    return open({ runId: busy.runId }, AGAIN_MS);
  if (busy !== undefined) return refusedBy(busy);
  const proof = await openProof(target);
  return proof === undefined ? met() : notMet("proof_open", { proofId: proof.id });
}

/** All content has its vectors, and Dify its documents, where they are wanted. */
export async function embeddingsStep({ deps: { target }, cutover }: Walk): Promise<Verdict> {
  const { items, status, pausedBecause } = await embeddingProgress(target);
  if (items.open > 0) return notMet("embeddings_open", { open: items.open, status, pausedBecause });
  const dify = await difyProgress(target);
  const { offered, open, indexing } = dify.items;
  if (dify.status !== "idle") return notMet("dify_open", { open: offered + open + indexing });
  const { embeddings } = cutover.asked.order;
  return met({ failed: items.failed }, embeddings ? null : "embeddings_off");
}

/** Every row that is not in the target was decided about, and nothing that failed is left. */
export async function exceptionsStep(walk: Walk): Promise<Found> {
  return await undecidedIn(walk.deps.target);
}

/** The same, for the transaction that hands over, too. */
export async function undecidedIn(db: Queryable): Promise<Verdict> {
  const unfinished = await unfinishedEntities(db, null);
  if (unfinished.length > 0)
    return notMet("entities_unfinished", { entities: unfinished.map(({ entity }) => entity) });
  const undecided = await undecidedExceptions(db);
  if (undecided.length === 0) return met();
  const rows = undecided.map(
    ({ entity, outcome, reason, rows: n }) => `${entity} ${n} ${outcome} (${reason})`,
  );
  return notMet("exceptions_open", { rows });
}

/** Each entity has a backup since which no run has changed it. Before the last delta it is enough that this one takes them. */
export async function backupStep(walk: Walk): Promise<Verdict> {
  const { deps, cutover, steps } = walk;
  if (cutover.asked.withoutBackup) return met({}, "backup_elsewhere");
  const entities = await withoutBackup(deps.target, migrated(walk));
  if (entities.length === 0) return met();
  const deltaIsToCome = steps.get("delta")?.status !== "met";
  if (deltaIsToCome && (await backupsAreTaken(deps.target))) return toDo("backup_to_do");
  return notMet("no_backup", { entities });
}

async function withoutBackup(db: Queryable, entities: readonly string[]): Promise<string[]> {
  const found = await db.query<{ entity: string }>(
    `select n.entity from unnest($1::text[]) with ordinality as n (entity, position)
     where not exists (
       select from migration.backups b where b.entity = n.entity and b.status = 'done' and not exists (
         select from migration.batches w
         where w.entity = n.entity and w.run_id >= b.run_id and w.status <> 'rolled_back' and w.inserted + w.updated > 0)
         and not exists (select from migration.run_entities g where g.entity = n.entity and g.run_id >= b.run_id and g.gone_deleted > 0)
         and not exists (select from migration.archived_rows a
           where a.entity = n.entity and a.marked and (a.run_id >= b.run_id or a.back_run >= b.run_id)))
     order by n.position`,
    [entities],
  );
  return found.rows.map(({ entity }) => entity);
}
