/** The steps that change something in Dify, or look at it. Each leaves `work` as it is known afterwards, or throws why it must wait. */
import { failpoint } from "@nexus/shared/runtime";
import type { DifyDeps } from "./deps.ts";
import { type Dataset, makeDataset } from "./datasets.ts";
import { type Claimed, type Actual, save } from "./documents.ts";
import { DifyFailure } from "./failures.ts";
import { documentName } from "./names.ts";
import type { Action } from "./next-action.ts";
import { type Permit, takePermit } from "./permit.ts";
import type { Desired } from "./desired.ts";

/** Where the work on one content is. */
export interface Work {
  claimed: Claimed;
  readonly desired: Desired;
  dataset: Dataset | undefined;
  notIn: string | undefined;
}

/** To be looked at again after so many milliseconds: nothing is wrong. */
export class NotYet extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super("not yet");
    this.ms = ms;
  }
}

export const ACTIONS: {
  readonly [K in Exclude<Action, "finish">]: (deps: DifyDeps, work: Work) => Promise<void>;
} = {
  look_up: lookUp,
  make_dataset: makeDesired,
  create,
  update,
  remove,
  follow,
};

const NOTHING: Actual = {
  datasetId: null,
  documentId: null,
  sha256: null,
  indexingMs: null,
  unsureMs: null,
};

/** A creation without an answer may end late: it is given time before its name is looked up. */
async function lookUp(deps: DifyDeps, work: Work): Promise<void> {
  const { actual } = work.claimed;
  const early = deps.settings.settleMs - (actual.unsureMs ?? Infinity);
  if (early > 0) throw new NotYet(early);
  const datasetId = actual.datasetId ?? work.dataset?.id ?? "";
  const [first] = await deps.dify.findDocuments(datasetId, nameOf(work));
  if (first === undefined) work.notIn = datasetId;
  await write(
    deps,
    work,
    first === undefined
      ? NOTHING
      : { ...actual, datasetId, documentId: first.id, indexingMs: 0, unsureMs: null },
  );
}

async function makeDesired(deps: DifyDeps, work: Work): Promise<void> {
  const practiceId = work.desired.kind === "text" ? work.desired.practiceId : null;
  const permit = await permitOf(deps);
  work.dataset = await permit(() => makeDataset(deps.target, deps.dify, practiceId));
}

/** The intention is written down first: whoever finds it without an id looks the name up. */
async function create(deps: DifyDeps, work: Work): Promise<void> {
  const { desired, dataset } = work;
  if (desired.kind !== "text" || dataset === undefined)
    throw new Error("a document without text or dataset");
  const permit = await permitOf(deps);
  const asked = { ...NOTHING, datasetId: dataset.id, sha256: desired.sha256 };
  await write(deps, work, { ...asked, unsureMs: 0 });
  failpoint("dify.intended");
  try {
    const documentId = await permit(() =>
      deps.dify.createDocument(dataset.id, nameOf(work), desired.text),
    );
    failpoint("dify.answered");
    await write(deps, work, { ...asked, documentId, indexingMs: 0 });
    failpoint("dify.written");
  } catch (error) {
    // A refusal is an answer: there is no document. Of anything else that is not known.
    if (error instanceof DifyFailure && error.kind !== "retry")
      await write(deps, work, error.kind === "gone" ? asked : NOTHING);
    throw error;
  }
}

/** Until the answer is there, which text Dify has is not known. */
async function update(deps: DifyDeps, work: Work): Promise<void> {
  const { desired } = work;
  const [datasetId, documentId] = placeOf(work);
  if (desired.kind !== "text") throw new Error("an update without text");
  const permit = await permitOf(deps);
  const actual = { ...work.claimed.actual, sha256: null };
  await write(deps, work, actual);
  try {
    await permit(() => deps.dify.updateDocument(datasetId, documentId, nameOf(work), desired.text));
    await write(deps, work, { ...actual, sha256: desired.sha256, indexingMs: 0 });
  } catch (error) {
    if (!(error instanceof DifyFailure)) throw error;
    if (error.kind === "gone") await write(deps, work, NOTHING);
    else if (error.kind === "busy") await write(deps, work, { ...actual, indexingMs: 0 });
    // Dify refuses to update what is not available in the words for a bad text. Deleted and created, it is one of the two.
    else if (error.kind === "item" && error.code === "invalid_param") await remove(deps, work);
    else throw error;
  }
}

/** By its name: a second document, of which we do not know, must not stay either. What Dify is indexing it would refuse, and count. */
async function remove(deps: DifyDeps, work: Work): Promise<void> {
  const [datasetId] = placeOf(work);
  const found = await deps.dify.findDocuments(datasetId, nameOf(work));
  for (const { id, indexing } of found)
    if (indexing !== "indexing") await deleteDocument(deps, datasetId, id);
  if (found.some(({ indexing }) => indexing === "indexing")) {
    const { actual } = work.claimed;
    await write(deps, work, { ...actual, indexingMs: actual.indexingMs ?? 0 });
    throw new NotYet(deps.settings.pollMs);
  }
  await write(deps, work, NOTHING);
}

async function deleteDocument(
  deps: DifyDeps,
  datasetId: string,
  documentId: string,
): Promise<void> {
  const permit = await permitOf(deps);
  try {
    await permit(() => deps.dify.deleteDocument(datasetId, documentId));
  } catch (error) {
    if (!(error instanceof DifyFailure) || error.kind !== "gone") throw error;
  }
}

/** Also sees a second document of the name, left by a creation that ended after all: the one that we know stays. */
async function follow(deps: DifyDeps, work: Work): Promise<void> {
  const { actual } = work.claimed;
  const indexingMs = actual.indexingMs ?? 0;
  if (indexingMs < deps.settings.pollMs) throw new NotYet(deps.settings.pollMs - indexingMs);
  const [datasetId, documentId] = placeOf(work);
  const found = await deps.dify.findDocuments(datasetId, nameOf(work));
  for (const { id } of found) if (id !== documentId) await deleteDocument(deps, datasetId, id);
  const mine = found.find(({ id }) => id === documentId);
  if (mine === undefined) return await write(deps, work, NOTHING);
  if (mine.indexing === "completed")
    return await write(deps, work, { ...actual, indexingMs: null });
  if (mine.indexing === "error") {
    await remove(deps, work);
    throw new DifyFailure("retry", "indexing_error");
  }
  throw new NotYet(Math.min(60_000, Math.max(deps.settings.pollMs, indexingMs / 2)));
}

function placeOf({ claimed: { actual } }: Work): [datasetId: string, documentId: string] {
  if (actual.datasetId === null || actual.documentId === null)
    throw new Error("a document without a place");
  return [actual.datasetId, actual.documentId];
}

function nameOf({ claimed: { claim } }: Work): string {
  return documentName(claim.contentType, claim.contentId);
}

function permitOf({ budget, settings }: DifyDeps): Promise<Permit> {
  return takePermit(budget, settings.ratePauseMs);
}

async function write({ target, settings }: DifyDeps, work: Work, actual: Actual): Promise<void> {
  work.claimed = await save(target, work.claimed.claim, actual, settings.claimMs);
}
