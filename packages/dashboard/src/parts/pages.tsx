/** A list in pages, as the API gives them. */
import type { ComponentChildren } from "preact";
import type { Loaded } from "../use-load.ts";
import { Ready } from "./notice.tsx";
import { Pager, type Turning } from "./pager.tsx";

interface ListProps<T> {
  readonly of: Loaded<{ readonly items: readonly T[]; readonly next: string | null }>;
  /** What is being read: "the runs". */
  readonly what: string;
  /** What is said where there is nothing. */
  readonly none: string;
  readonly turning: Turning;
  /** One line, with its key. */
  readonly line: (item: T) => ComponentChildren;
}

/** Its lines, and the buttons to turn the page. */
export function PagedList<T>({ of, what, none, turning: [pages, turn], line }: ListProps<T>) {
  return (
    <Ready of={of} what={what}>
      {({ items, next }) => (
        <>
          {items.length === 0 ? (
            <p class="soft">{none}</p>
          ) : (
            <ul class="lines">{items.map(line)}</ul>
          )}
          <Pager pages={pages} next={next} turn={turn} />
        </>
      )}
    </Ready>
  );
}
