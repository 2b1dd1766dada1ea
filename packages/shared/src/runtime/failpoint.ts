/** Where a process may die, by name: the chaos suite kills it there (docs/chaos.md). A new point is a line here, and the call. */

/** What is done when a process comes to the point, and what is not. The first word says whose point it is. */
const POINTS = {
  "run.inspected": "the source was looked at, and the run has not begun",
  "run.begun": "the run has begun, in a transaction that is not committed",
  "run.planned": "the run has begun, and nothing is planned",
  "run.completing": "the run completes, in a transaction that is not committed",
  "plan.read": "ranges were read from the source, and are not in the ledger",
  "plan.recorded": "a page of batches is planned",
  "dispatch.opened": "an entity is open, and none of its batches is on offer",
  "dispatch.marked": "batches are being marked as queued, in a transaction that is not committed",
  "dispatch.committed": "batches are marked as queued, and the queue has none of them",
  "dispatch.offered": "the queue has them",
  "parked.released":
    "the parked rows whose parent has come are released, in a transaction that is not committed",
  "rollup.done": "the counts are rolled up",
  "settle.begun": "an entity settles, and nothing of it is compared",
  "gone.compared": "a page of keys is compared with the source, and not on record",
  "gone.recorded":
    "what was found missing or gone is being recorded, in a transaction that is not committed",
  "settle.checked": "the checks are being recorded, in a transaction that is not committed",
  "settle.concluded": "the entity is being completed, in a transaction that is not committed",
  "settle.closed": "the entity is complete, and its children are closed",
  "loader.taken": "the job is taken from the queue, and its attempt is not counted",
  "loader.claimed": "the attempt is counted, and nothing is read",
  "loader.read": "the rows are read, and no transaction is open",
  "loader.gated": "the batch is locked, and nothing is written",
  "loader.written": "the rows are written, and have no outcome",
  "loader.finished": "the batch is being marked as done, in a transaction that is not committed",
  "loader.committed": "the batch is done, and its loader has not said so",
  "queue.handled": "the job is done, and the queue has not heard of it",
  "backup.claimed": "the backup is claimed, and no file is there",
  "backup.dumped": "the file is written, and has no name yet",
  "backup.finished":
    "the backup is done in the ledger, not committed, and its file has no name yet",
  "backup.published": "its file has its name, and the ledger is not committed",
  "backup.taken": "the backup is taken, and its entity is not open",
  "adopt.recognised": "the rows of an entity are recognised, and none has its key",
  "adopt.keyed": "a range of rows has its keys, in a transaction that is not committed",
  "adopt.written": "all rows of an entity have their keys, and the account of it is not written",
  "adopt.recorded": "the account is written, in a transaction that is not committed",
  "adopt.ending": "the adoption has ended, in a transaction that is not committed",
  "adopt.undone": "a range of rows has lost its keys again, in a transaction that is not committed",
  "rollback.unwound":
    "a record is taken back and not marked, in a transaction that is not committed",
  "rollback.committed": "a record is taken back",
  "rollback.closing": "an entity is rolled back, in a transaction that is not committed",
  "rollback.ending": "the run is rolled back, in a transaction that is not committed",
  "sync.begun":
    "a delta is begun, as the source is followed, in a transaction that is not committed",
  "sync.paused":
    "the source is too slow or fast again, and what is on offer was taken back, in a transaction that is not committed",
  "proof.claimed": "the proof is claimed, and nothing is compared",
  "proof.compared": "all entities are compared, and the proof is open",
  "relay.taken": "content events are marked as relayed, and the queue has no page of them",
  "relay.offered": "the queue has them",
  "embedder.begun": "the reading of a page is on record, and nothing is read",
  "embedder.claimed": "the texts are claimed, and nobody is called",
  "budget.reserved": "a call is granted, and not made",
  "embedder.answered": "the model has answered, and nothing is stored",
  "embedder.stored": "the vectors are stored, and the bill is not",
  "budget.recorded": "the bill is written",
  "embedder.attached": "the vectors are attached, and the page is open",
  "embedder.finished": "the page is done, and its embedder has not said so",
  "vectors.swept": "strays are removed, and no index is built",
  "dify.taken": "content events are taken in, and nothing is claimed",
  "dify.claimed": "contents are claimed, and nothing is asked",
  "dify.intended": "it is on record that a document is about to be made",
  "dify.answered": "Dify has made it, and its id is not on record",
  "dify.written": "Dify holds the text, and the content is claimed",
  "accounts.decided": "it is decided who gets an account, in a transaction that is not committed",
  "accounts.claimed": "accounts are claimed, and nobody is asked",
  "accounts.created":
    "Supabase Auth has made it, or was found to have, and the ledger does not know",
  "accounts.recorded": "the account is on record, and its loader has not gone on",
  "invitation.intended":
    "it is on record that somebody is about to be invited, and nobody was asked",
  "invitation.sent": "Supabase Auth has sent the mail, and that is not on record",
  "api.started": "a run is created, in a transaction that is not committed",
  "api.answering": "a run is created, and nobody was told",
  "api.requeued": "rows are requeued, in a transaction that is not committed",
};

export type Failpoint = keyof typeof POINTS;

/** Each point with what it means. */
export const FAILPOINTS: Readonly<Record<Failpoint, string>> = POINTS;

declare global {
  /** What a test has loaded into this process before its first module. Nothing that is shipped sets it. */
  var atFailpoint: ((name: Failpoint) => void) | undefined;
}

const strike = globalThis.atFailpoint;

/** Says that this process has come to a point. Does nothing, unless a test has loaded what does. */
export function failpoint(name: Failpoint): void {
  strike?.(name);
}
