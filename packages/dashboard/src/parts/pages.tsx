/** A list in pages, as the API gives them. */
import type { ComponentChildren } from "preact";
import type { Loaded } from "../use-load.ts";
import { Ready } from "./notice.tsx";
import { Pager, type Turning } from "./pager.tsx";

interface PagedProps<T> {
  readonly of: Loaded<{ readonly items: readonly T[]; readonly next: string | null }>;
  /** What is being read: "the runs". */
  readonly what: string;
  /** What is said where there is nothing. */
  readonly none: string;
  readonly turning: Turning;
}

interface RowsProps<T> extends PagedProps<T> {
  /** The items of a page, of which there are some. */
  readonly rows: (items: readonly T[]) => ComponentChildren;
}

interface ListProps<T> extends PagedProps<T> {
  /** One line, with its key. */
  readonly line: (item: T) => ComponentChildren;
}

/** Its rows, and the buttons to turn the page. */
export function PagedRows<T>({ of, what, none, turning: [pages, turn], rows }: RowsProps<T>) {
  return (
    <Ready of={of} what={what}>
      {({ items, next }) => (
        <>
          {items.length === 0 ? <p class="soft">{none}</p> : rows(items)}
          <Pager pages={pages} next={next} turn={turn} />
        </>
      )}
    </Ready>
  );
}

/** Its lines, and the buttons to turn the page. */
export function PagedList<T>({ line, ...paged }: ListProps<T>) {
  return <PagedRows {...paged} rows={(items) => <ul class="lines">{items.map(line)}</ul>} />;
}
