/** What is asked for when a run is started. */
import type { RunMode } from "../states/index.ts";

/** What a run is created with. */
export interface RunOptions {
  /** Whether changed content is offered to the embedder. */
  readonly embeddings: boolean;
  /** Whether changed content is offered to Dify. Default: it is not. */
  readonly dify?: boolean | undefined;
  /** Whether users get accounts of Supabase Auth. Default: they do not. */
  readonly accounts?: boolean | undefined;
  /** Overrides of the catalog's codes, as JSON text: kept with the run, so that all loaders map alike. */
  readonly codes: string;
  /** The share of its rows, in percent, that an entity may lose for reasons that nobody foresaw; 1, if left out. */
  readonly lossPercent?: number | undefined;
  /** Whether it reads every row, or only those that changed since they were loaded. Default: every row. */
  readonly mode?: RunMode | undefined;
  /** The cut-over whose last delta it is: no other run is created meanwhile. */
  readonly cutover?: number | undefined;
  /** Whether somebody started it: then the bill of the embeddings begins anew, and with it what EMBEDDING_CAP_USD allows. Default: somebody did. */
  readonly newBill?: boolean | undefined;
  /** People write in the target by now, and what the run finds changed in the source may overwrite that: somebody said that it shall. */
  readonly afterCutover?: boolean | undefined;
}

/** What a run shall move, and how. */
export interface Order extends RunOptions {
  /** Default: all of the catalog. An entity that is not selected has no part in the run, and its children find their parents in the target. */
  readonly entities?: readonly string[] | undefined;
  /** Entities whose rows are left out and counted as excluded. Stronger than `entities`. */
  readonly skip?: readonly string[] | undefined;
  /** Why rows of the target without a legacy key may stay. Without it the run is refused while somebody has to decide about some. */
  readonly leaveStrangers?: string | undefined;
}
