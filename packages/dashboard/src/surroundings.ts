/** What every view may use: the progress as it is now, who looks, and a line to say what was done. */
import type { Answer, RunView } from "@nexus/contract";
import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";

export type Me = Answer<"GET /v1/me">;

/** What is asked before something is changed. */
export interface Question {
  /** "Pause the run" */
  readonly title: string;
  /** On the button that answers it. */
  readonly label: string;
  /** What will happen, in a sentence or two. */
  readonly explains: ComponentChildren;
  /** Does it. Resolves to what was done, in words. */
  readonly act: (reason: string) => Promise<string>;
}

export interface Surroundings {
  /** The active run, or the newest; undefined until the API said it. */
  readonly view: RunView | undefined;
  readonly me: Me;
  /** Says what was done, to eyes and to screen readers. */
  readonly say: (text: string) => void;
  /** Asks, above whatever is shown. */
  readonly ask: (question: Question) => void;
}

export const SurroundingsContext = createContext<Surroundings | undefined>(undefined);

/** What surrounds a view. */
export function useSurroundings(): Surroundings {
  const found = useContext(SurroundingsContext);
  if (found === undefined) throw new Error("a view outside of the dashboard");
  return found;
}

/** Whether the reader may change things. */
export function mayOperate({ role }: Me): boolean {
  return role !== "viewer";
}
