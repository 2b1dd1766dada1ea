import { entities } from "@nexus/catalog";
import { ConfigurationError } from "@nexus/shared/config";
import { type Pool, preflightTarget } from "@nexus/shared/database";

/**
 * Whether the target can hold vectors. Returns the schema of extension vector.
 * Throws `ConfigurationError`, or `UnavailableError` when the target does not answer. Only reads.
 */
export async function preflightVectors(target: Pool): Promise<string> {
  await preflightTarget(target, entities);
  const { rows } = await target.query<{ schema: string }>(
    `select n.nspname::text as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     where e.extname = 'vector' and to_regclass('public.ai_embeddings') is not null
       and to_regclass('migration.embedding_texts') is not null`,
  );
  const [found] = rows;
  if (found === undefined)
    throw new ConfigurationError(
      "TARGET_URL: the target has no table for vectors: install pgvector 0.8 or newer and run `npm run nexus migrate`, or set EMBEDDINGS=off",
    );
  return found.schema;
}
