import type { Content } from "@nexus/catalog";
import type { Turn } from "@nexus/shared/runtime";
import type { Caller } from "./call.ts";
import type { HeldClaims } from "./held-claims.ts";
import type { Semaphore } from "./semaphore.ts";
import type { VectorStore } from "./store-vectors.ts";
import type { TextState } from "./claim-texts.ts";

/** What embedding stands on. */
export interface Deps extends Caller {
  readonly contents: ReadonlyMap<string, Content>;
  readonly store: VectorStore;
  /** Calls at the same time in this process. */
  readonly semaphore: Semaphore;
  readonly held: HeldClaims;
  /** Told how texts were found, before any is called for. */
  readonly lookedUp: (states: Iterable<TextState>) => void;
  /** Told when the last page of an event is done, and seconds since the event was written. */
  readonly consumed: (seconds: number) => void;
  /** Milliseconds for which a text is claimed, */
  readonly claimMs: number;
  /** and for which a page waits for one call. What answers later is kept all the same. */
  readonly callMs: number;
  /** One at a time: the pages that have ended their embedders. */
  readonly suspectTurn: Turn;
}
