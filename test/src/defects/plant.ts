/** Plants defects in a loaded target, its ledger and its source: so many of each kind, on rows that a seed chooses, one on a row. */
import type { Pool } from "@nexus/shared/database";

/** Cases on which nothing hangs but the project of their own source row. */
export const CASES_WITH_THEIR_PROJECT = `select t.legacy_project_id::bigint as key from public.cases t
  where not exists (select from public.case_states s where s.case_id = t.id)
    and (select array_agg(p.legacy_id) from public.projects p where p.case_id = t.id) = array[t.legacy_project_id]`;

/** What a verification has to say of a row that is struck. */
export interface Found {
  readonly entity: string;
  /** Empty: the row as a whole. */
  readonly column: string;
}

/** One way to do harm. */
export interface Recipe {
  readonly kind: string;
  /** A query of `key`: rows that can be struck. */
  readonly victims: string;
  /** Where they are looked for; the target unless said otherwise. */
  readonly from?: "source";
  /** A statement of which `$1` are the keys. */
  readonly strike: { readonly on: "source" | "target"; readonly sql: string };
  readonly found: readonly Found[];
}

export interface Field {
  readonly legacy: Pool;
  readonly target: Pool;
  readonly seed: number;
  /** Rows that are struck already. */
  readonly struck: Set<string>;
}

/** Plants at least `count` defects of each kind. Returns them as a verification has to report them: `entity id column kind`, sorted. Throws where there are too few rows. */
export async function plant(
  field: Field,
  recipes: readonly Recipe[],
  count: number,
): Promise<string[]> {
  const planted: string[] = [];
  for (const kind of new Set(recipes.map((recipe) => recipe.kind))) {
    const found = await plantKind(
      field,
      recipes.filter((recipe) => recipe.kind === kind),
      count,
    );
    planted.push(...found);
  }
  return planted.sort();
}

/** Spreads them evenly; what one recipe finds no rows for, those behind it take. */
async function plantKind(
  field: Field,
  recipes: readonly Recipe[],
  count: number,
): Promise<string[]> {
  const planted: string[] = [];
  for (let round = 0; round < 3 && planted.length < count; round++)
    for (const [n, recipe] of recipes.entries()) {
      const share = Math.ceil((count - planted.length) / (recipes.length - n));
      planted.push(...(await plantSome(field, recipe, share)));
    }
  if (planted.length < count)
    throw new Error(`only ${planted.length} rows can be struck by ${recipes[0]?.kind}`);
  return planted;
}

async function plantSome(field: Field, recipe: Recipe, defects: number): Promise<string[]> {
  const { kind, found, strike } = recipe;
  const keys = await victims(field, recipe, Math.ceil(defects / found.length));
  if (keys.length === 0) return [];
  await (strike.on === "source" ? field.legacy : field.target).query(strike.sql, [keys]);
  return keys.flatMap((key) =>
    found.map(({ entity, column }) => {
      field.struck.add(`${entity} ${key}`);
      return [entity, key, column, kind].filter((word) => word !== "").join(" ");
    }),
  );
}

/** Rows that nothing was done to yet, in an order of the seed. */
async function victims(
  { legacy, target, seed, struck }: Field,
  { victims: sql, from, found }: Recipe,
  count: number,
): Promise<number[]> {
  const { rows } = await (from === "source" ? legacy : target).query<{ key: number }>(
    `select key from (${sql}) v order by hashint8extended(key, ${seed}), key limit ${2 * count + struck.size}`,
  );
  const free = rows
    .map(({ key }) => key)
    .filter((key) => found.every(({ entity }) => !struck.has(`${entity} ${key}`)));
  const loaded = from === "source" ? await loadedOf(target, free, found) : free;
  return loaded.slice(0, count);
}

/** Those of these keys whose source rows are loaded. */
async function loadedOf(
  target: Pool,
  keys: readonly number[],
  found: readonly Found[],
): Promise<number[]> {
  const { rows } = await target.query<{ key: number }>(
    `select key from unnest($1::bigint[]) with ordinality k (key, n)
     where not exists (select from migration.exceptions x where x.legacy_id = k.key and x.entity = any($2::text[])) order by n`,
    [keys, found.map(({ entity }) => entity)],
  );
  return rows.map(({ key }) => key);
}
