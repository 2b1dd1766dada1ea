/** The entities and their gates: parents to the left of their children. A list on a phone. */
import type { EntityView } from "@nexus/contract";
import { type Edge, layOut, type Spot } from "../graph-layout.ts";
import { linkTo } from "../router.ts";
import { percent, words } from "../words.ts";
import { Bar } from "./bar.tsx";
import { nameOf, toneOf } from "./state.tsx";

/** A column is a node and the gap to the next; the last has no gap. */
const NODE_SHARE = 0.84;
const ROW_REM = 6.25;

/** Each entity is a link to its view. */
export function Graph({ entities }: { readonly entities: readonly EntityView[] }) {
  const { spots, edges, ranks, rows } = layOut(entities);
  const columns = ranks - 1 + NODE_SHARE;
  const spotOf = new Map(spots.map((spot) => [spot.entity, spot]));
  const viewOf = new Map(entities.map((one) => [one.entity, one]));
  return (
    <>
      <div class="graph" style={{ "--rows": String(rows) }}>
        <svg
          viewBox={`0 0 ${columns} ${rows * ROW_REM - 1}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {edges.map((edge) => (
            <path
              key={`${edge.from} ${edge.to}`}
              class={isOpen(viewOf.get(edge.to), edge.from) ? "open" : "closed"}
              d={pathOf(edge, spotOf)}
            />
          ))}
        </svg>
        <ol>
          {spots.map((spot) => (
            <Node key={spot.entity} spot={spot} columns={columns} of={viewOf.get(spot.entity)} />
          ))}
        </ol>
      </div>
      <p class="gates">
        <span>gate open: the parent is settled</span>
        <span class="closed">gate closed: its children wait</span>
      </p>
    </>
  );
}

interface NodeProps {
  readonly spot: Spot;
  readonly columns: number;
  readonly of: EntityView | undefined;
}

function Node({ spot: { entity, rank, row }, columns, of }: NodeProps) {
  if (of === undefined) return null;
  const place = {
    "--x": `${(100 * rank) / columns}%`,
    "--y": `${row * ROW_REM}rem`,
    "--w": `${(100 * NODE_SHARE) / columns}%`,
    "--rank": String(rank),
  };
  return (
    <li class={`node ${toneOf(of)}`} style={place}>
      <a href={linkTo(["entities", entity])}>
        <span class="node-name">{words(entity)}</span>
        <span class="node-line">
          <span class={`state ${toneOf(of)}`}>{nameOf(of)}</span>
          <span class="soft">{percent(of.percent)}</span>
        </span>
        {of.waitingFor.length > 0 && (
          <span class="unseen">waits for {of.waitingFor.map(words).join(", ")}</span>
        )}
        <Bar of={of} />
      </a>
    </li>
  );
}

function isOpen(child: EntityView | undefined, parent: string): boolean {
  return child?.waitingFor.includes(parent) === false;
}

function pathOf({ from, to }: Edge, spots: ReadonlyMap<string, Spot>): string {
  const [start, end] = [spots.get(from), spots.get(to)];
  if (start === undefined || end === undefined) return "";
  const [x1, x2] = [start.rank + NODE_SHARE, end.rank];
  const [y1, y2] = [start, end].map(({ row }) => row * ROW_REM + 2.625);
  const middle = (x1 + x2) / 2;
  return `M ${x1} ${y1} C ${middle} ${y1}, ${middle} ${y2}, ${x2} ${y2}`;
}
