/** Which role each route needs. A route that is not in this table keeps the API from starting: add its line. */
import type { RouteName } from "@nexus/contract";

/** Each role may do what the ones before it may. */
export const ROLES = ["viewer", "operator", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** `public`: no token of ours is asked for. Such a route changes nothing, or knows its callers by itself. */
export type Need = Role | "public";

const OF_THE_CONTRACT: Readonly<Record<RouteName, Need>> = {
  "GET /healthz": "public",
  "GET /readyz": "public",
  "GET /v1/me": "viewer",
  "GET /v1/progress": "viewer",
  "GET /v1/progress/stream": "viewer",
  "GET /v1/runs": "viewer",
  "GET /v1/runs/:id": "viewer",
  "GET /v1/runs/:id/throughput": "viewer",
  "GET /v1/entities/:entity/exceptions": "viewer",
  "GET /v1/entities/:entity/gone": "viewer",
  "GET /v1/exceptions/reasons": "viewer",
  "GET /v1/embeddings": "viewer",
  "GET /v1/report": "viewer",
  "GET /v1/lineage/:entity/:legacyId": "viewer",
  "POST /v1/search": "viewer",
  "GET /v1/adoptions": "viewer",
  "GET /v1/adoptions/:id": "viewer",
  "GET /v1/adoptions/:id/findings": "viewer",
  "GET /v1/backups": "viewer",
  "GET /v1/forecasts": "viewer",
  "GET /v1/forecasts/:id": "viewer",
  "GET /v1/verifications": "viewer",
  "GET /v1/verifications/newest": "viewer",
  "GET /v1/verifications/:id": "viewer",
  "GET /v1/verifications/:id/differences": "viewer",
  "GET /v1/rollbacks": "viewer",
  "GET /v1/rollbacks/:id": "viewer",
  "GET /v1/rollbacks/:id/left": "viewer",
  "GET /v1/cutover": "viewer",
  "GET /v1/sync": "viewer",
  "POST /v1/sync": "admin",
  "POST /v1/sync/stop": "admin",
  "POST /v1/cutover": "operator",
  "POST /v1/cutover/cancel": "operator",
  "POST /v1/cutover/withdraw": "operator",
  "POST /v1/runs/:id/rollback": "operator",
  "POST /v1/rollbacks/:id/cancel": "operator",
  "POST /v1/adoptions": "operator",
  "POST /v1/forecasts": "operator",
  "POST /v1/verifications": "operator",
  "POST /v1/forecasts/:id/cancel": "operator",
  "POST /v1/verifications/:id/cancel": "operator",
  "POST /v1/evidence": "operator",
  "POST /v1/adoptions/:id/cancel": "operator",
  "POST /v1/runs": "operator",
  "POST /v1/runs/:id/pause": "operator",
  "POST /v1/runs/:id/resume": "operator",
  "POST /v1/runs/:id/cancel": "operator",
  "POST /v1/entities/:entity/start": "operator",
  "POST /v1/entities/:entity/requeue": "operator",
  "POST /v1/entities/:entity/limit": "operator",
  "POST /v1/entities/:entity/waive": "operator",
  "POST /v1/embeddings/backfill": "operator",
  "GET /v1/accounts": "viewer",
  "GET /v1/accounts/exceptions": "viewer",
  "POST /v1/accounts/requeue": "operator",
  "GET /v1/dify": "viewer",
  "POST /v1/dify/backfill": "operator",
  "GET /v1/accounts/invitations": "viewer",
  "POST /v1/accounts/invitations": "operator",
  "GET /v1/audit": "admin",
};

/** Routes beside the contract: the document that describes it, and pages. A `*` at the end stands for any rest. */
const BESIDE: Readonly<Record<string, Need>> = {
  "GET /openapi.json": "public",
  "GET /": "public",
  "GET /assets/*": "public",
  "GET /docs*": "public",
  "POST /v1/dify/retrieval": "public",
  "GET /queues*": "admin",
  "POST /queues*": "admin",
  "PUT /queues*": "admin",
  "PATCH /queues*": "admin",
  "DELETE /queues*": "admin",
};

const needs = new Map<string, Need>(Object.entries({ ...OF_THE_CONTRACT, ...BESIDE }));
const prefixes = Object.entries(BESIDE)
  .filter(([route]) => route.endsWith("*"))
  .map(([route, need]) => ({ start: route.slice(0, -1), need }));

/** What a route needs; undefined when it is not in the table. HEAD is GET without its body. */
export function needOf(method: string, path: string): Need | undefined {
  const route = `${method === "HEAD" ? "GET" : method} ${path}`;
  return needs.get(route) ?? prefixes.find(({ start }) => route.startsWith(start))?.need;
}

/** Whether a role reaches what is needed. */
export function reaches(role: Role, need: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(need);
}
