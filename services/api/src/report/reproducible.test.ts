/** Every number of a report is given by a query of docs/report.md. */
import { readFileSync } from "node:fs";
import type { Report } from "@nexus/contract";
import { inSnapshot, type Queryable } from "@nexus/shared/database";
import { freshLedger } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Evidence, estimate } from "../outlook/estimate.ts";
import { findNewestRun } from "../queries/find-run.ts";
import { buildReport } from "./build-report.ts";
import { ledgers } from "./ledgers.fixture.ts";
import { duration, inWords, money } from "./wording.ts";

const page = readFileSync(new URL("../../../../docs/report.md", import.meta.url), "utf8");
const queries = new Map(
  page.split(/^## /m).flatMap((section) => {
    const [name, sql] = [/^\w+/.exec(section)?.[0], /```sql\n([\s\S]*?)```/.exec(section)?.[1]];
    return name === undefined || sql === undefined ? [] : [[name, sql] as const];
  }),
);
const catalog = ["practices", "profiles", "patients"].map((name) => ({ name, parents: {} }));

describe("docs/report.md gives every number of a report", () => {
  for (const [name, seed] of Object.entries(ledgers))
    it(`on a ledger: ${name}`, async (context) => {
      const { target } = await freshLedger(context);
      await seed(target);
      await inSnapshot(target, async (tx) => {
        const run = await findNewestRun(tx);
        const report = await buildReport(tx, catalog, run);
        const blocks = blocksIn(report);
        if (name === "running")
          expect(new Set(blocks.map(({ query }) => query))).toEqual(new Set(queries.keys()));
        expect(numbersOutside(report)).toEqual([]);
        expectAccounted(report);
        expectOwnNumbers(report);
        const ask = (query: string) => rowsOf(tx, query, run?.id ?? 0);
        for (const block of blocks)
          if (!block.query.startsWith("estimate"))
            expectSame(block, await ask(block.query), report);
        await expectEstimates(report, ask);
      });
    });
});

type Ask = (query: string) => Promise<Row[]>;

/** Every row that is not in the target has its reason. */
function expectAccounted({ progress, shortfalls }: Report): void {
  for (const { entity, expected, drift, current, remaining, unaccounted } of progress.rows) {
    const missing = shortfalls.rows.filter((one) => one.entity === entity);
    const told = missing.reduce((sum, { rows }) => sum + rows, unaccounted);
    expect({ entity, remaining: told }).toEqual({ entity, remaining });
    expect(current + remaining, entity).toBe(expected + drift);
  }
}

/** The sentences hold numbers of the report only, as they are or in words. */
function expectOwnNumbers({ summary, ...report }: Report): void {
  const { expected, drift } = report.totals;
  const known = [expected + drift, ...numbersIn(report)].flatMap((number) =>
    [String(number), inWords(number), number.toFixed(1), duration(number), money(number)].flatMap(
      figuresIn,
    ),
  );
  expect(known).toEqual(expect.arrayContaining(summary.flatMap(figuresIn)));
}

function figuresIn(text: string): string[] {
  return text.match(/\d(?:[\d.,]*\d)?/g) ?? [];
}

function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** The times to come are what the estimator says to what the queries give. */
async function expectEstimates({ time: { load, phases } }: Report, ask: Ask): Promise<void> {
  const embedding = phases.find(({ phase }) => phase === "embedding")?.eta;
  if (embedding) {
    const given = evidence.parse((await ask("estimate_embedding"))[0]);
    expect(embedding).toEqual({ query: "estimate_embedding", ...estimate(given) });
  }
  if (load === null)
    return expect(phases.filter(({ phase, eta }) => phase !== "embedding" && eta)).toEqual([]);
  const { work, ...given } = parts.parse((await ask("estimate"))[0]);
  expect(load).toEqual({ query: "estimate", ...estimate(given) });
  for (const [entity, left] of Object.entries(work)) {
    const share = left / given.left;
    const part = {
      seconds: Math.ceil(load.seconds * share),
      earliest: Math.floor(load.earliest * share),
      latest: Math.ceil(load.latest * share),
    };
    const eta = left === 0 ? null : { query: "estimate", ...part };
    expect(phases).toContainEqual(expect.objectContaining({ phase: entity, eta }));
  }
}

/** Our pools deliver JSON as text. */
const json = z.string().transform((text): unknown => JSON.parse(text));
const evidence = z.object({
  left: z.number(),
  guessed: z.number(),
  done: z.number(),
  seconds: z.number(),
  slices: json.pipe(z.array(z.number())),
  sliceSeconds: z.number(),
}) satisfies z.ZodType<Evidence>;
const parts = evidence.extend({ work: json.pipe(z.record(z.string(), z.number())) });

const row = z.record(z.string(), z.unknown());
type Row = z.infer<typeof row>;
const block = z.looseObject({ query: z.string() });
type Block = z.infer<typeof block>;

/** Every object that names its query. */
function blocksIn(value: unknown): Block[] {
  if (typeof value !== "object" || value === null) return [];
  const below = Object.values(value).flatMap(blocksIn);
  const own = block.safeParse(value);
  return own.success ? [own.data, ...below] : below;
}

/** Names of members that are numbers in no block. */
function numbersOutside(value: unknown, name = ""): string[] {
  if (typeof value === "number") return [name];
  if (typeof value !== "object" || value === null || "query" in value) return [];
  return Object.entries(value).flatMap(([key, one]) => numbersOutside(one, `${name}.${key}`));
}

async function rowsOf(tx: Queryable, query: string, runId: number): Promise<Row[]> {
  const sql = queries.get(query);
  if (sql === undefined) throw new Error(`docs/report.md has no query ${query}`);
  return z.array(row).parse((await tx.query(sql.replaceAll(/:run\b/g, String(runId)))).rows);
}

/** A block is the rows that its query gives: a list in their order, or the only one. */
function expectSame(block: Block, given: readonly Row[], { embedding }: Report): void {
  const list = z
    .array(row)
    .optional()
    .parse(block["rows"] ?? block["phases"]) ?? [block];
  const shown = list.filter((one) => one["phase"] !== "embedding");
  expect(shown.length, block.query).toBe(given.length);
  for (const [at, one] of shown.entries()) {
    const numbers = Object.keys(one).filter((key) => typeof one[key] === "number");
    expect(Object.keys(given[at] ?? {}), block.query).toEqual(expect.arrayContaining(numbers));
    expect(one, block.query).toMatchObject(given[at] ?? {});
  }
  for (const one of list)
    if (one["phase"] === "embedding") expect(one["left"]).toBe(embedding.open);
}
