import { contract } from "@nexus/contract";
import { ConfigurationError } from "@nexus/shared/config";
import { asTenant, type Client, errorCode, type Pool } from "@nexus/shared/database";
import type { Deps } from "../deps.ts";
import { embedQuery } from "../search/embed-query.ts";
import type { Search } from "../search/open-search.ts";
import { Problem } from "../answers/problem.ts";
import { legacyKeys } from "../queries/legacy-keys.ts";
import { nearestContent, type Scan, scanFor, type Wanted } from "../queries/nearest-content.ts";
import type { App } from "../server.ts";
import { recordReading } from "../queries/record-reading.ts";

const DEFAULT_LIMIT = 10;
/** How long the provider and the target may take, in milliseconds: together less than the server gives a request. */
const PATIENCE_MS = 4_000;

/** `POST /v1/search`: what of one practice is nearest in meaning to a text. */
export function searchRoute(app: App, { target, search }: Deps): void {
  app.post("/v1/search", { schema: contract["POST /v1/search"] }, async ({ body, caller }) => {
    const limit = body.limit ?? DEFAULT_LIMIT;
    const results = await searchContent({ target, search }, { ...body, limit });
    await recordReading(target, {
      actor: caller?.name ?? "unverified",
      action: "search",
      practiceId: body.practiceId,
      results: results.length,
    });
    return { results };
  });
}

/** What is asked of a search. */
export interface Question extends Pick<Wanted, "practiceId" | "limit"> {
  readonly query: string;
  /** All, if left out. */
  readonly types?: readonly string[] | undefined;
}

/** The content of one practice that is nearest to a text, best first. Throws the `Problem` to be answered. */
export async function searchContent(
  { target, search }: Pick<Deps, "target" | "search">,
  { practiceId, query, types, limit }: Question,
) {
  const { contents, ...embedding } = configured(search);
  requireTypes(
    types,
    contents.map(({ type }) => type),
  );
  try {
    const scan = scanFor(target, { practiceId, types });
    const found = embedQuery(embedding, query, PATIENCE_MS, async (vector) => {
      const wanted = { practiceId, vector, model: embedding.provider.model, types, limit };
      return await find(target, contents, await scan, wanted);
    });
    const [results] = await Promise.all([found, scan]);
    return results;
  } catch (cause) {
    throw unprepared(cause) ?? cause;
  }
}

/** As the tenant that the practice is, so that the row level security of the target has the last word. */
async function find(target: Pool, contents: Search["contents"], scan: Scan, wanted: Wanted) {
  const { practiceId } = wanted;
  const work = async (tx: Client) => {
    const found = await nearestContent(tx, scan, wanted);
    if (found === undefined)
      throw new Problem(404, "unknown_practice", `there is no practice ${practiceId}`);
    const ids = found.map(({ id }) => id);
    const keys = await legacyKeys(tx, contents, ids);
    return found.map((one) => ({ ...one, legacyKey: keys.get(`${one.type}:${one.id}`) ?? null }));
  };
  return await asTenant(target, practiceId, work, { statementMs: PATIENCE_MS });
}

/** The target was migrated without what search needs: a role, its privileges, or the table of vectors. */
function unprepared(cause: unknown): Problem | undefined {
  if (cause instanceof ConfigurationError)
    return new Problem(503, "search_not_prepared", cause.message, {}, { cause });
  const code = errorCode(cause);
  if (code !== "42P01" && code !== "42501") return undefined;
  const detail =
    "the target is not prepared for search: run `npm run nexus migrate`, which says what is left out";
  return new Problem(503, "search_not_prepared", detail, {}, { cause });
}

function configured(search: Search | undefined): Search {
  if (search !== undefined) return search;
  throw new Problem(
    503,
    "search_off",
    "search needs a provider of embeddings: set EMBEDDING_PROVIDER",
  );
}

function requireTypes(types: readonly string[] = [], known: readonly string[]): void {
  const unknown = types.filter((type) => !known.includes(type));
  if (unknown.length > 0)
    throw new Problem(
      422,
      "unknown_type",
      `there is no such type of content; there are ${known.join(", ")}`,
      { known },
    );
}
