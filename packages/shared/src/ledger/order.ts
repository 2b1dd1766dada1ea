/** What is asked for when a run is started. */
import type { RunMode } from "../states/index.ts";

/** What a run shall move. */
export interface Order {
  /** Default: all of the catalog. An entity that is not selected has no part in the run, and its children find their parents in the target. */
  readonly entities?: readonly string[] | undefined;
  /** Entities whose rows are left out and counted as excluded. Stronger than `entities`. */
  readonly skip?: readonly string[] | undefined;
  /** Whether changed content is offered to the embedder. */
  readonly embeddings: boolean;
  /** Whether changed content is offered to Dify. Default: it is not. */
  readonly dify?: boolean | undefined;
  /** Overrides of the catalog's codes, as JSON text: kept with the run, so that all loaders map alike. */
  readonly codes: string;
  /** Percent of its rows that an entity may lose for reasons that nobody foresaw. */
  readonly lossPercent?: number | undefined;
  /** Why rows of the target without a legacy key may stay. Without it the run is refused while somebody has to decide about some. */
  readonly leaveStrangers?: string | undefined;
  /** Default: every row is read. */
  readonly mode?: RunMode | undefined;
  /** The cut-over whose last delta it is. */
  readonly cutover?: number | undefined;
  /** People write in the target by now, and what the run finds changed in the source may overwrite that: somebody said that it shall. */
  readonly afterCutover?: boolean | undefined;
}
