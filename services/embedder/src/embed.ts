/** The story of a page of content: composed, known or claimed, called for, attached. Jobs hold keys; every text is composed anew here. */
import type { Content } from "@nexus/catalog";
import { nextStep } from "@nexus/shared/database";
import { TOO_LONG } from "@nexus/shared/embedding";
import type { ContentJob, Handled } from "@nexus/shared/queue";
import { pause } from "@nexus/shared/runtime";
import { callAll } from "./call-all.ts";
import type { Deps } from "./deps.ts";
import { cutSmaller, type Item, readItems } from "./items.ts";
import { noteVersions, withoutKnown } from "./known.ts";
import { finishPage, type Page, readPage } from "./pages.ts";
import { type Decided, settleItems } from "./settle-items.ts";
import { claimTexts, keyOf, type TextState } from "./texts.ts";

/** Looks at a page this often before it is put back into the queue. */
const ROUNDS = 4;

/** Embeds one page of an event. Whatever happens, the ledger knows it before the queue does. */
export async function embedPage(deps: Deps, job: ContentJob, signal: AbortSignal): Promise<Handled> {
  // A paused pool holds its pages, and leaves target, queue and processor to the load that may be under way.
  const restMs = deps.health.pausedUntil - performance.now();
  if (restMs > 0) await pause(restMs, signal);
  if (signal.aborted) return { kind: "hand_back" };
  try {
    const page = await readPage(deps.target, job);
    if (page === undefined) return { kind: "done" };
    return await embedIds(deps, page, signal);
  } catch (error) {
    const step = nextStep(error);
    const facts = { eventId: job.eventId, offset: job.offset, err: error };
    if (step === "wait" || step === "retry") deps.log.warn(facts, "a server is away, the page waits");
    else deps.log.error(facts, "a page could not be embedded, trying again later");
    return { kind: "later", ms: step === "wait" || step === "retry" ? 2_000 : 30_000 };
  }
}

async function embedIds(deps: Deps, page: Page, signal: AbortSignal): Promise<Handled> {
  const content = contentOf(deps, page);
  let left = page.ids;
  for (let round = 0; round < ROUNDS; round++) {
    const step = await embedOnce(deps, content, left, signal);
    left = step.left;
    if (left.length === 0) {
      const seconds = await finishPage(deps.target, page);
      if (seconds !== null) deps.consumed(seconds);
      return { kind: "done" };
    }
    if (signal.aborted) return { kind: "hand_back" };
    if (step.waitMs > 0) return { kind: "later", ms: step.waitMs };
  }
  return { kind: "later", ms: 500 };
}

function contentOf({ contents }: Deps, { contentType }: Page): Content {
  const content = contents.get(contentType);
  if (content === undefined) throw new Error(`no composer for content type ${contentType}`);
  return content;
}

interface Step {
  /** Ids that are not settled yet, */
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
  const settled = await settleItems(deps.target, content, decided);
  return {
    left: changed.map(({ id }) => id).filter((id) => !settled.has(id)),
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
    deps.lookedUp(claims.values());
    const texts = await callAll(deps, claims, claimedAt + deps.claimMs - deps.callMs, signal);
    const smaller = cut.map((item) => cutSmaller(item, (chunk) => isTooLong(texts.get(keyOf(item, chunk)))));
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
  const waits = [...texts.values()].flatMap((state) => (state.kind === "waiting" ? [state.ms] : []));
  return Math.max(1, Math.min(...waits, 5_000));
}
