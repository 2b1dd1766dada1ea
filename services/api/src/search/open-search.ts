/** What search stands on. Nothing of it exists until a provider is configured. */
import type { Entity } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import { openProvider, type Provider, type ProviderConfig } from "@nexus/shared/embedding";
import { type Budget, joinBudget } from "@nexus/shared/ledger";

export interface Search {
  readonly provider: Pick<Provider, "model" | "embed" | "estimateTokens">;
  /** Shared with all embedders, and ahead of them: a person waits. */
  readonly budget: Budget;
  /** What can be found. */
  readonly contents: readonly Content[];
}

/** A kind of content: its name, and the table of the target whose column `key` holds its legacy key. */
export interface Content {
  readonly type: string;
  readonly table: string;
  readonly key: string;
}

/** Few people search at a time, and each waits for the answer. */
const SEARCHING = { concurrency: 8, timeoutMs: 5_000 };

interface Settings {
  readonly EMBEDDINGS: "on" | "off";
  readonly EMBEDDING_PROVIDER: ProviderConfig["provider"] | undefined;
}

/** Opens the provider, and has it closed by `onClose`. Undefined without one, or with embeddings off. */
export async function openSearch(
  { EMBEDDINGS, EMBEDDING_PROVIDER: provider }: Settings,
  entities: readonly Entity[],
  target: Pool,
  onClose: (close: () => Promise<void>) => void,
): Promise<Search | undefined> {
  if (EMBEDDINGS === "off" || provider === undefined) return undefined;
  const opened = await openProvider({ provider, ...SEARCHING });
  onClose(() => opened.close());
  return { provider: opened, budget: joinBudget(target, opened), contents: contentsOf(entities) };
}

/** The contents of the catalog. */
export function contentsOf(entities: readonly Entity[]): readonly Content[] {
  return entities.flatMap(({ content, target: { table, key } }) =>
    content === null ? [] : [{ type: content, table, key }],
  );
}
