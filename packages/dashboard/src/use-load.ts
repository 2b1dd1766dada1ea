/** Reading for a view: what was read last, why it failed last, and again after a while. */
import type { Answer } from "@nexus/contract";
import { useCallback, useEffect, useState } from "preact/hooks";
import { type Address, read, type Reads, Refusal } from "./api.ts";

export interface Loaded<A> {
  /** Undefined until it was read once. */
  readonly data: A | undefined;
  /** Why it could not be read the last time. */
  readonly problem: Refusal | undefined;
  /** Reads it again now. */
  readonly reload: () => void;
}

/** Reads a route when the view opens, and every `everyMs` while the page is seen. */
export function useLoad<R extends Reads>(
  route: R,
  address: Address = {},
  everyMs?: number,
): Loaded<Answer<R>> {
  const [data, setData] = useState<Answer<R> | undefined>(undefined);
  const [problem, setProblem] = useState<Refusal | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify(address);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => setData(undefined), [route, key]);
  useEffect(() => {
    let here = true;
    const load = () =>
      read(route, JSON.parse(key)).then(
        (answer) => {
          if (!here) return;
          setData(() => answer);
          setProblem(undefined);
        },
        (error: unknown) =>
          here && setProblem(error instanceof Refusal ? error : new Refusal(0, String(error))),
      );
    void load();
    const timer =
      everyMs === undefined
        ? undefined
        : setInterval(() => void (document.hidden || load()), everyMs);
    return () => {
      here = false;
      clearInterval(timer);
    };
  }, [route, key, everyMs, turn]);
  return { data, problem, reload };
}
