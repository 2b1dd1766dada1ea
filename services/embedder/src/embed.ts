/** The story of a page of content: composed, known or claimed, called for, attached. Jobs hold keys; every text is composed anew here. */
import type { Content } from "@nexus/catalog";
import { mayPass, nextStep } from "@nexus/shared/database";
import { TOO_LONG } from "@nexus/shared/embedding";
import { recordRefusal } from "@nexus/shared/ledger";
import type { ContentJob, Handled } from "@nexus/shared/queue";
import { pause, failpoint } from "@nexus/shared/runtime";
import { callAll } from "./call-all.ts";
import type { Deps } from "./deps.ts";
import { cutSmaller, type Item, readItems, unreadItem } from "./chunk-content.ts";
import { noteVersions, withoutKnown } from "./known.ts";
import { beginPage, endReading, finishPage, noteItem, type Page } from "./pages.ts";
import { type Decided, attachVectors } from "./attach-vectors.ts";
import { claimTexts, keyOf, type TextState } from "./claim-texts.ts";

/** Looks at a page this often before it is put back into the queue. */
const ROUNDS = 4;

/** Embedders that may end while they have a page, before it is read item by item, and while they read one item alone, before it is given up. */
const MAY_DIE = 2;

/** The code of an item that ends its embedder when it is read alone. A backfill of what failed tries it again. */
const ENDED_EMBEDDER = "ended_embedder";

/** Embeds one page of an event. Whatever happens, the ledger knows it before the queue does. */
export async function embedPage(
  deps: Deps,
  job: ContentJob,
  signal: AbortSignal,
): Promise<Handled> {
  // A paused pool holds its pages, and leaves target, queue and processor to the load that may be under way.
  const restMs = deps.health.pausedUntil - performance.now();
  if (restMs > 0) await pause(restMs, signal);
  if (signal.aborted) return { kind: "hand_back" };
  try {
    const page = await beginPage(deps.target, job);
    if (page === undefined) return { kind: "done" };
    failpoint("embedder.begun");
    if (page.begun > MAY_DIE)
      return await deps.suspectTurn(() => embedOneByOne(deps, page, signal));
    return await embedTogether(deps, page, signal);
  } catch (error) {
    return await snoozeJob(deps, job, error);
  }
}

async function snoozeJob(
  { target, log }: Deps,
  { eventId, offset }: ContentJob,
  error: unknown,
): Promise<Handled> {
  const facts = { eventId, offset, err: error };
  if (mayPass(error)) {
    await recordRefusal(target, error);
    log.warn(facts, "a server is away, the page waits");
    return { kind: "later", ms: 2_000 };
  }
  log.error(facts, "a page could not be embedded, trying again later");
  return { kind: "later", ms: 30_000 };
}

async function embedTogether(deps: Deps, page: Page, signal: AbortSignal): Promise<Handled> {
  let finished = false;
  try {
    const handled = await embedIds(deps, contentOf(deps, page), page.ids, signal);
    if (handled !== undefined) return handled;
    const done = await finish(deps, page);
    finished = true;
    return done;
  } finally {
    if (!finished) await whenReachable(deps, signal, () => endReading(deps.target, page));
  }
}

async function finish(deps: Deps, page: Page): Promise<Handled> {
  const seconds = await finishPage(deps.target, page);
  failpoint("embedder.finished");
  if (seconds !== null) deps.consumed(seconds);
  return { kind: "done" };
}

/** Undefined when all are done; else when to look again. */
async function embedIds(
  deps: Deps,
  content: Content,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Handled | undefined> {
  let left = ids;
  for (let round = 0; round < ROUNDS; round++) {
    const step = await embedOnce(deps, content, left, signal);
    left = step.left;
    if (left.length === 0) return undefined;
    if (signal.aborted) return { kind: "hand_back" };
    if (step.waitMs > 0) return { kind: "later", ms: step.waitMs };
  }
  return { kind: "later", ms: 500 };
}

/**
 * A page that two embedders have begun and not ended, one of its items at a time, and one such page of this process at a time: if
 * this one ends as well, it is known of which item. That one comes first the next time, and is given up when it has ended two: embedders
 * are killed for other reasons, too.
 */
async function embedOneByOne(deps: Deps, page: Page, signal: AbortSignal): Promise<Handled> {
  const content = contentOf(deps, page);
  const { item, itemBegun, begun, eventId, offset, contentType } = page;
  const facts = { eventId, offset, contentType };
  deps.log.warn({ ...facts, begun }, "a page has ended its embedders, it is read item by item");
  const givenUp = item !== null && itemBegun >= MAY_DIE;
  if (givenUp) {
    if (!(await giveUp(deps, content, item))) return { kind: "later", ms: 500 };
    deps.log.error(
      { ...facts, id: item, code: ENDED_EMBEDDER },
      "an item has ended its embedders alone",
    );
    await noteItem(deps.target, page, null);
  }
  const others = page.ids.filter((id) => id !== item);
  try {
    for (const id of item === null || givenUp ? others : [item, ...others]) {
      await noteItem(deps.target, page, id);
      const handled = await embedIds(deps, content, [id], signal);
      if (handled !== undefined) return handled;
    }
    return await finish(deps, page);
  } finally {
    await whenReachable(deps, signal, () => noteItem(deps.target, page, null));
  }
}

/** Whether it is failed now; a row that is gone needs no more. */
async function giveUp({ target }: Deps, content: Content, id: string): Promise<boolean> {
  const item = await unreadItem(target, content, id, ENDED_EMBEDDER);
  if (item === undefined) return true;
  return (
    await attachVectors(target, content, [{ item, kind: "failed", code: ENDED_EMBEDDER }])
  ).has(id);
}

/** Milliseconds between two tries to say that a reading ended. */
const TELL_MS = 1_000;

/** A target that is away for a while must not look like an embedder that died. */
async function whenReachable(
  { log }: Deps,
  signal: AbortSignal,
  tell: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      return await tell();
    } catch (error) {
      if (nextStep(error) !== "wait" || signal.aborted)
        return log.warn({ err: error }, "the end of a reading is not on record");
    }
    await pause(TELL_MS, signal);
  }
}

function contentOf({ contents }: Deps, { contentType }: Page): Content {
  const content = contents.get(contentType);
  if (content === undefined) throw new Error(`no composer for content type ${contentType}`);
  return content;
}

interface Step {
  /** Ids that are not done yet, */
  readonly left: readonly string[];
  /** and when to look at them again; 0: at once, because they changed meanwhile. */
  readonly waitMs: number;
}

async function embedOnce(
  deps: Deps,
  content: Content,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Step> {
  const items = await readItems(deps.target, content, ids);
  const { same, changed } = await withoutKnown(deps.target, content, deps.provider.model, items);
  await noteVersions(deps.target, content, same);
  const { cut, texts } = await embedTexts(deps, changed, signal);
  const decided = cut.flatMap((item) => decide(item, texts) ?? []);
  const done = await attachVectors(deps.target, content, decided);
  failpoint("embedder.attached");
  return {
    left: changed.map(({ id }) => id).filter((id) => !done.has(id)),
    waitMs: decided.length === changed.length ? 0 : soonest(texts),
  };
}

type Texts = ReadonlyMap<string, TextState>;

/** Claims the texts of these items, and calls for them. What the model refuses as too long is cut smaller until it takes it. */
async function embedTexts(
  deps: Deps,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<{ cut: readonly Item[]; texts: Texts }> {
  for (let cut = items; ;) {
    const claimedAt = performance.now();
    const claims = await claimTexts(deps.target, deps.provider.model, cut, deps.claimMs);
    failpoint("embedder.claimed");
    deps.lookedUp(claims.values());
    const texts = await callAll(deps, claims, claimedAt + deps.claimMs - deps.callMs, signal);
    const smaller = cut.map((item) =>
      cutSmaller(item, (chunk) => isTooLong(texts.get(keyOf(item, chunk)))),
    );
    if (smaller.every((item, index) => item === cut[index])) return { cut, texts };
    cut = smaller;
  }
}

function isTooLong(state: TextState | undefined): boolean {
  return state?.kind === "failed" && state.code === TOO_LONG;
}

/** An item is decided when each of its texts is; one failed text fails it. */
function decide(item: Item, texts: Texts): Decided | undefined {
  if (item.failure !== null) return { item, kind: "failed", code: item.failure };
  const textIds: number[] = [];
  for (const chunk of item.chunks) {
    const state = texts.get(keyOf(item, chunk));
    if (state?.kind === "failed") return { item, kind: "failed", code: state.code };
    if (state?.kind !== "stored") return undefined;
    textIds.push(state.id);
  }
  return { item, kind: "embedded", textIds };
}

function soonest(texts: Texts): number {
  const waits = [...texts.values()].flatMap((state) =>
    state.kind === "waiting" ? [state.ms] : [],
  );
  return Math.max(1, Math.min(...waits, 5_000));
}
