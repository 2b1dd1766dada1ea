/** pgvector: made where the server has it and the role may, left out otherwise. */
import type { Queryable } from "./pool.ts";

export type VectorExtension =
  | { readonly kind: "ready"; readonly schema: string; readonly created: boolean }
  | { readonly kind: "absent"; readonly reason: string };

const NEEDED = "pgvector 0.8 or newer is needed";

/** Finds extension vector, or creates it (in schema `extensions` where that exists, as on Supabase). `tx` is a transaction. */
export async function vectorExtension(tx: Queryable): Promise<VectorExtension> {
  const { rows } = await tx.query<{ version: string; schema: string | null; home: string }>(
    `select coalesce(e.extversion, a.default_version) as version, n.nspname::text as schema,
            case when to_regnamespace('extensions') is null then 'public' else 'extensions' end as home
       from pg_available_extensions a
       left join pg_extension e on e.extname = a.name
       left join pg_namespace n on n.oid = e.extnamespace
      where a.name = 'vector'`,
  );
  const found = rows[0];
  if (found === undefined)
    return { kind: "absent", reason: `the server has no extension vector: ${NEEDED}` };
  if (!atLeast08(found.version))
    return {
      kind: "absent",
      reason: `the server has extension vector ${found.version}: ${NEEDED}`,
    };
  if (found.schema !== null) return { kind: "ready", schema: found.schema, created: false };
  return await create(tx, found.home);
}

/** Under a savepoint: a role that may not create it goes on without. */
async function create(tx: Queryable, schema: string): Promise<VectorExtension> {
  await tx.query("savepoint vector_extension");
  try {
    await tx.query(`create extension vector with schema ${schema}`);
    return { kind: "ready", schema, created: true };
  } catch {
    await tx.query("rollback to savepoint vector_extension");
    return {
      kind: "absent",
      reason: `extension vector could not be created: have a superuser run "create extension vector with schema ${schema}"`,
    };
  }
}

function atLeast08(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 0 || minor >= 8;
}
