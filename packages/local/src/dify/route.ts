/** Which operation a request asks for. Releases before hyphens said `create_by_text`. */
import type { Call } from "./knowledge.ts";
import type { Operation } from "./schedule.ts";

const ROUTES: readonly (readonly [method: string, path: RegExp, operation: Operation])[] = [
  ["POST", /^\/v1\/datasets$/, "create-dataset"],
  ["GET", /^\/v1\/datasets$/, "find-datasets"],
  ["POST", /^\/v1\/datasets\/([^/]+)\/document\/create[-_]by[-_]text$/, "create"],
  ["POST", /^\/v1\/datasets\/([^/]+)\/documents\/([^/]+)\/update[-_]by[-_]text$/, "update"],
  ["DELETE", /^\/v1\/datasets\/([^/]+)\/documents\/([^/]+)$/, "delete"],
  ["GET", /^\/v1\/datasets\/([^/]+)\/documents$/, "find"],
];

/** Undefined: no operation of the Knowledge API. */
export function route(method: string, url: string, body: string): Call | undefined {
  const { pathname, searchParams: query } = new URL(url, "http://stand-in");
  for (const [verb, path, operation] of ROUTES) {
    const found = path.exec(pathname);
    if (verb !== method || found === null) continue;
    const [, datasetId = "", documentId = ""] = found;
    return { operation, datasetId, documentId, query, body };
  }
  return undefined;
}
