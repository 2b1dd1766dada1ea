/** What the api and the command line read of the ledger, they read by typed queries, but for what docs/decisions/typed-reads.md leaves to SQL. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A string of SQL that names a table of the ledger. */
const STATEMENT =
  /`[^`]*\b(?:from|join) migration\.[^`]*`|"[^"\n]*\b(?:from|join) migration\.[^"\n]*"/g;

/** What makes a statement more than a plain read: it changes or locks; it has CTEs, lateral joins, unions or selects in selects; it is made of the catalog's names. */
const MORE = [
  /\b(?:insert into|update|delete from)\b/,
  /\bfor (?:no key )?(?:update|share)\b/,
  /\bwith [a-z_]+ as\b/,
  /\b(?:lateral|union)\b/,
  /\bselect\b[^]*\bselect\b/,
  /(?:\bpublic\.|\bwhere )\$\{/,
];

const LOADS_TABLES = /^import \{[^}]*\} from "(@nexus\/shared|\.\.)\/tables(\/index\.ts)?"/m;

function plainReads(source: string): string[] {
  const found = source.match(STATEMENT) ?? [];
  return found.filter((sql) => /^.\s*select\b/.test(sql) && !MORE.some((more) => more.test(sql)));
}

async function sourcesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true });
  return names
    .filter((name) => name.endsWith(".ts") && !/\.(?:test|fixture)\.ts$/.test(name))
    .map((name) => join(folder, name));
}

it.each(["services/api/src", "packages/cli/src"])("%s has no plain read as SQL", async (folder) => {
  const found: string[] = [];
  for (const file of await sourcesIn(folder))
    for (const sql of plainReads(await readFile(join(ROOT, file), "utf8")))
      found.push(`${file}: ${sql}`);
  expect(found).toEqual([]);
});

it.each([
  "packages/shared/src/ledger",
  "services/extractor/src",
  "services/loader/src",
  "services/embedder/src",
])(
  "%s reads as SQL, and knows the tables as types alone: nothing of drizzle is loaded when it starts",
  async (folder) => {
    const loading: string[] = [];
    for (const file of await sourcesIn(folder))
      if (LOADS_TABLES.test(await readFile(join(ROOT, file), "utf8"))) loading.push(file);
    expect(loading).toEqual([]);
  },
);

it.each([
  'import { read } from "@nexus/shared/tables";',
  'import {\n  and,\n  type batches,\n} from "@nexus/shared/tables";',
  'import { max, runs } from "../tables/index.ts";',
])("finds tables loaded by %s", (source) => expect(source).toMatch(LOADS_TABLES));

it("finds a plain read, and leaves what is more to SQL", () => {
  const plain = "`select status from migration.runs where id = $1`";
  const locking = "`select status from migration.runs where id = $1 for no key update`";
  const withParts = "`with done as (select 1) select from migration.runs`";
  const changing = "`delete from migration.runs where id in (select id from migration.runs)`";
  expect(plainReads([plain, locking, withParts, changing].join("\n"))).toEqual([plain]);
});
