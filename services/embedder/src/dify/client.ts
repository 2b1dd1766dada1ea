/** Dify's Knowledge API, as much of it as we use. Every method throws `DifyFailure` and nothing else. */
import { z } from "zod";
import { call, type HttpSettings } from "./http.ts";

/** How far Dify is with a document. */
type Indexing = "indexing" | "completed" | "error";

interface FoundDocument {
  readonly id: string;
  readonly indexing: Indexing;
}

export interface Dify {
  /** Returns its id. Names are unique in the workspace: `taken` where there is one. */
  createDataset(name: string, description: string): Promise<string>;
  /** The id of the dataset of exactly this name, where our key sees one. */
  findDataset(name: string): Promise<string | undefined>;
  /** Returns its id. Names are not unique: two calls make two documents. */
  createDocument(datasetId: string, name: string, text: string): Promise<string>;
  updateDocument(datasetId: string, documentId: string, name: string, text: string): Promise<void>;
  deleteDocument(datasetId: string, documentId: string): Promise<void>;
  /** All documents of exactly this name, the oldest first. */
  findDocuments(datasetId: string, name: string): Promise<FoundDocument[]>;
}

export interface DifySettings extends HttpSettings {
  readonly routes: "hyphens" | "underscores";
  readonly indexing: "high_quality" | "economy";
}

const id = z.string().regex(/^[\w-]{1,64}$/);
const named = z.object({ id, name: z.string() });
const datasets = z.object({ data: z.array(named) });
const accepted = z.object({ document: z.object({ id }) });
const documents = z.object({
  data: z.array(named.extend({ indexing_status: z.string(), created_at: z.number().default(0) })),
});

/** A client without a connection: calls open them. */
export function openDify(settings: DifySettings): Dify {
  return { ...datasetsOf(settings), ...documentsOf(settings) };
}

function datasetsOf(settings: DifySettings): Pick<Dify, "createDataset" | "findDataset"> {
  return {
    async createDataset(name, description) {
      const body = {
        name,
        description,
        permission: "only_me",
        indexing_technique: settings.indexing,
      };
      return (await call(settings, { method: "POST", path: "/datasets", body }, named)).id;
    },
    async findDataset(name) {
      const { data } = await call(
        settings,
        { method: "GET", path: `/datasets?${search(name)}` },
        datasets,
      );
      return data.find((dataset) => dataset.name === name)?.id;
    },
  };
}

function documentsOf(settings: DifySettings): Omit<Dify, "createDataset" | "findDataset"> {
  const byText = settings.routes === "hyphens" ? "by-text" : "by_text";
  const dash = settings.routes === "hyphens" ? "-" : "_";
  const form = {
    doc_form: "text_model",
    process_rule: { mode: "automatic" },
    indexing_technique: settings.indexing,
  };
  return {
    async createDocument(datasetId, name, text) {
      const path = `/datasets/${datasetId}/document/create${dash}${byText}`;
      const { document } = await call(
        settings,
        { method: "POST", path, body: { name, text, ...form } },
        accepted,
      );
      return document.id;
    },
    async updateDocument(datasetId, documentId, name, text) {
      const path = `/datasets/${datasetId}/documents/${documentId}/update${dash}${byText}`;
      await call(settings, { method: "POST", path, body: { name, text, ...form } }, accepted);
    },
    async deleteDocument(datasetId, documentId) {
      // Over time: 204; 200 with `204`; 200 with a success.
      await call(
        settings,
        { method: "DELETE", path: `/datasets/${datasetId}/documents/${documentId}` },
        z.unknown(),
      );
    },
    async findDocuments(datasetId, name) {
      const path = `/datasets/${datasetId}/documents?${search(name)}`;
      const { data } = await call(settings, { method: "GET", path }, documents);
      return data
        .filter((document) => document.name === name)
        .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1))
        .map((document) => ({
          id: document.id,
          indexing: ENDS.get(document.indexing_status) ?? "indexing",
        }));
    },
  };
}

/** `keyword` finds names that contain it. */
function search(name: string): string {
  return new URLSearchParams({ keyword: name, limit: "100" }).toString();
}

/** All other statuses are on the way to one of these; `paused` waits for a person in Dify. */
const ENDS: ReadonlyMap<string, Indexing> = new Map([
  ["completed", "completed"],
  ["error", "error"],
]);
