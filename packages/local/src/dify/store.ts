/** Knowledge bases (datasets) and their documents, in memory. Times in milliseconds of the stand-in's clock. */
import { randomUUID } from "node:crypto";
import type { Settings } from "./schedule.ts";

export interface Document {
  readonly id: string;
  readonly name: string;
  /** Seconds. */
  readonly createdAt: number;
  text: string;
  batch: string;
  /** How often its text was sent. */
  revision: number;
  sentAt: number;
  indexing: Pick<Settings, "indexing" | "indexingMs">;
}

export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly indexingTechnique: string;
  readonly documents: Map<string, Document>;
}

export interface Store {
  readonly datasets: Map<string, Dataset>;
  /** Undefined: there is one of that name. */
  addDataset(
    facts: Pick<Dataset, "name" | "description" | "indexingTechnique">,
  ): Dataset | undefined;
  addDocument(
    dataset: Dataset,
    name: string,
    text: string,
    now: number,
    settings: Settings,
  ): Document;
}

export function openStore(): Store {
  const datasets = new Map<string, Dataset>();
  return {
    datasets,
    addDataset(facts) {
      if ([...datasets.values()].some(({ name }) => name === facts.name)) return undefined;
      const dataset = { id: randomUUID(), ...facts, documents: new Map<string, Document>() };
      datasets.set(dataset.id, dataset);
      return dataset;
    },
    addDocument(dataset, name, text, now, settings) {
      const document = {
        id: randomUUID(),
        name,
        createdAt: Math.floor(Date.now() / 1_000),
        text,
        revision: 0,
        ...sent(now, settings),
      };
      dataset.documents.set(document.id, document);
      return document;
    },
  };
}

/** A new text of a document. */
export function revise(document: Document, text: string, now: number, settings: Settings): void {
  Object.assign(document, { text, revision: document.revision + 1, ...sent(now, settings) });
}

function sent(
  now: number,
  { indexing, indexingMs }: Settings,
): Pick<Document, "batch" | "sentAt" | "indexing"> {
  return { batch: randomUUID(), sentAt: now, indexing: { indexing, indexingMs } };
}

const STAGES = ["waiting", "parsing", "cleaning", "splitting", "indexing"] as const;

/** How far the indexing of a document is. */
export function statusOf(
  { sentAt, indexing: { indexing, indexingMs } }: Document,
  now: number,
): (typeof STAGES)[number] | "completed" | "error" {
  if (indexing !== "stalls" && now - sentAt >= indexingMs)
    return indexing === "completes" ? "completed" : "error";
  const share = Math.min(0.99, (now - sentAt) / Math.max(1, indexingMs));
  return STAGES[Math.floor(share * STAGES.length)] ?? "waiting";
}

/** Whether SQL's `like '%keyword%'` finds a name; `_` and `%` are not escaped, as in some releases. */
export function isLike(name: string, keyword: string): boolean {
  const pattern = keyword
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("_", ".")
    .replaceAll("%", ".*");
  return new RegExp(pattern, "i").test(name);
}
