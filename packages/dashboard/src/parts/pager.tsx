/** Turning the pages of a list by the cursors that the API gives. */
import { useEffect, useState } from "preact/hooks";

/** Cursors of the pages that were opened; the first page has none. */
type Pages = readonly (string | undefined)[];

/** The pages, and how to turn them. */
export type Turning = readonly [Pages, (pages: Pages) => void];

/** Begins anew when what is listed changes. */
export function usePages(listed: string): Turning {
  const [pages, turn] = useState<Pages>([undefined]);
  useEffect(() => turn([undefined]), [listed]);
  return [pages, turn];
}

interface PagerProps {
  readonly pages: Pages;
  readonly next: string | null;
  readonly turn: (pages: Pages) => void;
}

/** Nothing where there is one page. */
export function Pager({ pages, next, turn }: PagerProps) {
  if (pages.length === 1 && next === null) return null;
  return (
    <nav class="buttons" aria-label="Pages">
      <button
        type="button"
        class="button slim"
        disabled={pages.length === 1}
        onClick={() => turn(pages.slice(0, -1))}
      >
        Page before
      </button>
      <button
        type="button"
        class="button slim"
        disabled={next === null}
        onClick={() => next !== null && turn([...pages, next])}
      >
        Next page
      </button>
    </nav>
  );
}
