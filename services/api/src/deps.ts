import type { Entity } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import type { BoardQueue, Transport } from "@nexus/shared/queue";
import type { Log } from "@nexus/shared/telemetry";
import type { Access } from "./access/guard.ts";
import type { Search } from "./search/open-search.ts";

/** What the routes stand on. */
export interface Deps {
  readonly target: Pool;
  readonly transport: Pick<Transport, "ping" | "count">;
  /** In dependency order. */
  readonly entities: readonly Pick<Entity, "name" | "parents">[];
  /** The same as the ledger's invariants and checks need them. */
  readonly catalog: readonly Entity[];
  /** Overrides of the catalog's codes, as JSON text: kept with each run. */
  readonly codes: string;
  /** How to save the target, for people to copy. */
  readonly backupCommand: string;
  /** Undefined while no provider of embeddings is configured: then there is no search. */
  readonly search: Search | undefined;
  /** What the board shows; none: there is no board. */
  readonly queues: readonly BoardQueue[];
  readonly access: Access;
  /** Milliseconds for which an answer about the progress is reused. */
  readonly freshMs: number;
  /** Whether runs offer content to the embedder, and to Dify, unless they are told otherwise. */
  readonly embeddings: boolean;
  readonly dify: boolean;
  /** Whether runs make accounts of Supabase Auth, unless they are told otherwise. */
  readonly accounts: boolean;
  /** The share of its rows, in percent, that an entity may lose for reasons that nobody foresaw, where a run is not told another. */
  readonly lossPercent?: number | undefined;
  /** The key with which Dify asks for content. Without it Dify cannot ask. */
  readonly difyRetrievalKey?: string | undefined;
  readonly log: Log;
}

/** The names of all entities, parents first. */
export function namesOf({ entities }: Pick<Deps, "entities">): readonly string[] {
  return entities.map((entity) => entity.name);
}
