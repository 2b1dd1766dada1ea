/** Searches over HTTP, one at a time, and compares what is found with every vector of the practice. */
import { type Pool, withPool } from "@nexus/shared/database";
import { lexicalVector } from "@nexus/shared/embedding";
import { z } from "zod";
import { textOf } from "./search-corpus.ts";
import type { Practice } from "./search-world.ts";

const K = 10;
/** Searches before the first that counts: connections, caches. */
const WARM_UP = 30;

export interface Asked {
  readonly size: number;
  /** From request to answer, embedding included. */
  readonly milliseconds: number;
  /** Of the true nearest ten (or fewer, where the practice has fewer), how many were found; ties count. */
  readonly right: number;
  readonly wanted: number;
  readonly found: number;
  /** Results that are not the practice's: must be 0. */
  readonly foreign: number;
}

export interface SearchTaken {
  /** Each query to a practice drawn by its number of vectors: large ones are searched more. */
  readonly asked: readonly Asked[];
  /** The largest practices, asked equally often. */
  readonly bySize: readonly Asked[];
  /** One query to every practice: how many gave k of k. */
  readonly everyPractice: {
    readonly practices: number;
    readonly full: number;
    readonly foreign: number;
  };
}

/** Some minutes at 150,000 vectors, most of them for the comparisons. */
export async function measure(
  url: string,
  api: string,
  practices: readonly Practice[],
  queries: number,
): Promise<SearchTaken> {
  return await withPool({ url, max: 1, name: "nexus-bench" }, async (target) => {
    const ask = (practice: Practice, n: number): Promise<Asked> =>
      askOnce(target, api, practice, n);
    const owners = practices.flatMap((practice) => Array<Practice>(practice.size).fill(practice));
    const drawn = (n: number): Practice | undefined => owners[(n * 7_919) % owners.length];
    await each(WARM_UP, drawn, (practice, n) => ask(practice, 1_000_000 + n));
    const asked = await each(queries, drawn, ask);
    const bySize: Asked[] = [];
    for (const practice of practices.slice(0, 100).filter((_, rank) => SHOWN.includes(rank)))
      bySize.push(
        ...(await each(
          20,
          () => practice,
          (same, n) => ask(same, 2_000_000 + n),
        )),
      );
    const every = await each(
      practices.length,
      (n) => practices[n],
      (practice, n) => ask(practice, 3_000_000 + n),
    );
    return {
      asked,
      bySize,
      everyPractice: {
        practices: every.length,
        full: every.filter(({ found, wanted }) => found === wanted).length,
        foreign: [...asked, ...bySize, ...every].reduce((sum, { foreign }) => sum + foreign, 0),
      },
    };
  });
}

/** Ranks of practices whose figures are shown one by one. */
const SHOWN = [0, 1, 2, 3, 5, 9, 19, 49, 99];

async function each(
  times: number,
  practiceOf: (n: number) => Practice | undefined,
  ask: (practice: Practice, n: number) => Promise<Asked>,
): Promise<Asked[]> {
  const all: Asked[] = [];
  for (let n = 0; n < times; n++) {
    const practice = practiceOf(n);
    if (practice !== undefined) all.push(await ask(practice, n));
  }
  return all;
}

const answer = z.object({ results: z.array(z.object({ id: z.string(), score: z.number() })) });

async function askOnce(
  target: Pool,
  api: string,
  { id, size }: Practice,
  n: number,
): Promise<Asked> {
  const query = textOf("query", n);
  const start = performance.now();
  const response = await fetch(`${api}/v1/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ practiceId: id, query, limit: K }),
  });
  if (!response.ok)
    throw new Error(`the search answered ${response.status}: ${await response.text()}`);
  const { results } = answer.parse(await response.json());
  const milliseconds = performance.now() - start;
  const truth = await nearestOf(target, id, query);
  const last = truth.at(-1) ?? 0;
  const ids = results.map((result) => result.id);
  const own = await target.query(
    "select from public.ai_embeddings where practice_id = $1::uuid and content_id = any($2::uuid[])",
    [id, ids],
  );
  return {
    size,
    milliseconds,
    wanted: truth.length,
    found: results.length,
    right: results.filter(({ score }) => score >= last - 1e-6).length,
    foreign: ids.length - (own.rowCount ?? 0),
  };
}

/** The scores of the true nearest, best first. */
async function nearestOf(target: Pool, practiceId: string, query: string): Promise<number[]> {
  const { rows } = await target.query<{ score: number }>(
    `with all_of_it as materialized (
       select -(embedding <#> $2::vector) as score from public.ai_embeddings where practice_id = $1::uuid)
     select score from all_of_it order by score desc limit ${K}`,
    [practiceId, `[${lexicalVector(query).join()}]`],
  );
  return rows.map(({ score }) => score);
}
