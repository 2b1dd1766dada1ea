/** A table that scrolls sideways where it has no room, by keyboard too. */
import type { ComponentChildren } from "preact";

/** The head of a column; `number`: of one whose cells are numbers. */
export type Head = string | { readonly number: string };

interface ScrollingTableProps {
  /** What its rows are, for who does not see it. */
  readonly of: string;
  readonly heads: readonly Head[];
  /** Its rows. */
  readonly children: ComponentChildren;
}

export function ScrollingTable({ of, heads, children }: ScrollingTableProps) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={`${of}, a table that scrolls`}>
      <table>
        <thead>
          <tr>
            {heads.map((head) =>
              typeof head === "string" ? (
                <th key={head} scope="col">
                  {head}
                </th>
              ) : (
                <th key={head.number} scope="col" class="number">
                  {head.number}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
