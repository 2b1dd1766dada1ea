/** Where each entity stands in the graph: parents to the left of their children. */
interface Node {
  readonly entity: string;
  readonly parents: readonly string[];
}

export interface Spot {
  readonly entity: string;
  /** 0 for those without parents, else one more than the highest of them. */
  readonly rank: number;
  /** Rows from the top; halves are between two. */
  readonly row: number;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
}

export interface Layout {
  readonly spots: readonly Spot[];
  readonly edges: readonly Edge[];
  readonly ranks: number;
  readonly rows: number;
}

/** Lays the graph out. Edges that follow from others are left out: who waits for cases waits for the parents of cases, too. */
export function layOut(nodes: readonly Node[]): Layout {
  const parents = new Map(nodes.map((node) => [node.entity, node.parents]));
  const ranked = nodes.map(({ entity }) => ({ entity, rank: rankOf(entity, parents) }));
  const ranks = Math.max(0, ...ranked.map(({ rank }) => rank + 1));
  const columns = Array.from({ length: ranks }, (_, rank) =>
    ranked.filter((one) => one.rank === rank),
  );
  const rows = Math.max(0, ...columns.map((column) => column.length));
  const spots = columns.flatMap((column) =>
    column.map((one, index) => ({ ...one, row: index + (rows - column.length) / 2 })),
  );
  return { spots, edges: nodes.flatMap((node) => edgesTo(node, parents)), ranks, rows };
}

type Parents = ReadonlyMap<string, readonly string[]>;

function rankOf(entity: string, parents: Parents): number {
  return Math.max(-1, ...(parents.get(entity) ?? []).map((parent) => rankOf(parent, parents))) + 1;
}

function edgesTo({ entity, parents: own }: Node, parents: Parents): Edge[] {
  const implied = new Set(own.flatMap((parent) => ancestorsOf(parent, parents)));
  return own.filter((parent) => !implied.has(parent)).map((from) => ({ from, to: entity }));
}

function ancestorsOf(entity: string, parents: Parents): string[] {
  return (parents.get(entity) ?? []).flatMap((parent) => [parent, ...ancestorsOf(parent, parents)]);
}
