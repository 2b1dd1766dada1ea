import { groupExceptions, listExceptions } from "@nexus/shared/ledger";
import { z } from "zod";
import { type Deps, namesOf } from "../deps.ts";
import { requireEntity } from "../problem.ts";
import { entityParams } from "../request.ts";
import type { App } from "../server.ts";

const wholeNumber = (what: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be ${what}`)
    .transform(Number);
const query = z.strictObject({
  outcome: z.enum(["rejected", "parked"]).optional(),
  reason: z.string().max(100).optional(),
  after: wholeNumber("the last legacy id of the page before").optional(),
  limit: wholeNumber("a number from 1 to 1000").pipe(z.number().min(1).max(1_000)).optional(),
});

const said = {
  outcome: z.enum(["rejected", "parked"]),
  reason: z.string(),
  column: z.string().nullable(),
  missingEntity: z.string().nullable(),
};
const page = z.object({
  exceptions: z.array(
    z.object({
      legacyId: z.int(),
      runId: z.int(),
      ...said,
      missingId: z.int().nullable(),
      createdAt: z.string(),
    }),
  ),
  /** All open exceptions of the entity, not only those of this page. */
  groups: z.array(z.object({ ...said, count: z.int() })),
  /** What to pass as `after` for the next page; null when this was the last. */
  next: z.int().nullable(),
});

/** `/v1/entities/:entity/exceptions`: keys and codes of the rows that are not in the target. */
export function exceptionsRoute(app: App, deps: Deps): void {
  app.get(
    "/v1/entities/:entity/exceptions",
    { schema: { params: entityParams, querystring: query, response: { 200: page } } },
    async (request) => {
      const { entity } = request.params;
      const { limit = 100, ...filter } = request.query;
      requireEntity(entity, namesOf(deps));
      const groups = await groupExceptions(deps.target, entity);
      const found = await listExceptions(deps.target, entity, { ...filter, limit: limit + 1 });
      const exceptions = found.slice(0, limit);
      return {
        exceptions,
        groups,
        next: found.length > limit ? (exceptions.at(-1)?.legacyId ?? null) : null,
      };
    },
  );
}
