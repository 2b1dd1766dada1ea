/** What Dify should hold of a target, and whether it does. */
import { contentOf, entities } from "@nexus/catalog";
import type { DifyServer } from "@nexus/local/dify";
import type { Pool } from "@nexus/shared/database";
import { difyProgress, type DifyProgress } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";

/** Every content row that says something and belongs to a practice, or to all: its dataset, its name and its text, sorted. */
export async function wantedDocuments(target: Pool): Promise<string[]> {
  const lines: string[] = [];
  for (const { contentType, table, columns, compose } of contentOf(entities).values()) {
    const { rows } = await target.query<{ id: string; practice_id: string | null }>(
      `select id::text, practice_id::text, ${columns.join(", ")} from public.${table}`,
    );
    for (const row of rows) {
      const dataset = row.practice_id ?? (contentType === "workflow_template" ? "shared" : null);
      const text = compose(row).trim();
      if (dataset !== null && text !== "")
        lines.push(`mig-${dataset} ${contentType}-${row.id} ${text}`);
    }
  }
  return lines.sort();
}

/** Every document, sorted: one that is there twice is there twice. */
export function heldDocuments(server: DifyServer): string[] {
  return server
    .documents()
    .map(({ dataset, name, text }) => `${dataset} ${name} ${text}`)
    .sort();
}

/** Waits until nothing is left to do. Milliseconds. */
export async function filled(target: Pool, within = 90_000): Promise<DifyProgress> {
  const until = ({ status }: DifyProgress): boolean => status === "idle";
  return await eventually(() => difyProgress(target), { until, within, every: 100 });
}
