/** The second bookkeeping: what the target should hold by the twins of the entities, for one range of source keys at a time. */
import type { Codes, Entity, SourceShape } from "@nexus/catalog";
import type { Pool, Queryable } from "@nexus/shared/database";

/** Source keys from `from` to `to`, both of them too. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What the twins are worked out with. */
export interface TwinDeps {
  readonly legacy: Pool;
  readonly target: Pool;
  readonly shape: SourceShape;
  readonly codes: Codes;
}

/** One session on the source and one on the target, in which twins are worked out, parents first. */
export interface Twins {
  /**
   * In one transaction on the target: stages the raw rows that these source keys need, fills the temporary table `expected` by the
   * entity's twin, then calls `then` with the session. Nothing of it is left afterwards.
   */
  expecting<T>(
    entity: Entity,
    keys: Range | readonly number[],
    then: (target: Queryable) => Promise<T>,
  ): Promise<T>;
  /** Remembers, inside `then`, what children need to know of the expected rows: adds them to `known_<entity>`. */
  keep(entity: Entity): Promise<void>;
  close(): Promise<void>;
}

/** Opens both sessions. */
export function openTwins(deps: TwinDeps): Promise<Twins> {
  return Promise.reject(new Error(`the twins are not here yet, for ${deps.shape.columns.length}`));
}
