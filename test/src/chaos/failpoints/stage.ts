/** Where rounds are played: a journey without processes of its own, a crew, and what a run leaves behind in which nobody dies. */
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entities } from "@nexus/catalog";
import { type Client, openClient } from "@nexus/contract";
import { eventually } from "@nexus/shared/testing";
import { expect } from "vitest";
import { startApiHere } from "../../api-here.ts";
import { drained, failures, unsettledContent } from "../../embeddings.ts";
import { type Journey, openJourney } from "../../journey.ts";
import { type Accounts, accountsOf } from "../accounts.ts";
import { type Arena, breakableWithVectors, expectTheSame, servers } from "../arena.ts";
import { type Tally, tallyOf } from "./tally.ts";
import { type Crew, openCrew, type Post } from "./crew.ts";

export interface Stage extends Arena {
  readonly crew: Crew;
  /** An API that never dies, to ask and to look. */
  readonly api: Client;
  /** A folder for backups. */
  readonly folder: string;
  readonly vectors: readonly string[];
  /** What rounds have compared, until somebody takes it. */
  readonly tallies: Tally[];
  /** Of all rows of the target, but for their times of loading. */
  readonly hash: string;
  close(): Promise<void>;
}

/** Short enough for tests; about 40 batches. */
const ENV = {
  BATCH_ROWS: "30",
  LOADER_CONCURRENCY: "1",
  TICK_MS: "50",
  QUEUE_LOCK_MS: "1000",
  QUEUE_STALLED_MS: "500",
  CALL_TIMEOUT_MS: "500",
  TEXT_CLAIM_MS: "1000",
};

/** Who does a run when nobody dies. */
export const PLAIN: Readonly<Record<string, Post>> = {
  extractor: { service: "extractor" },
  loader: { service: "loader" },
};
const EMBEDDER: Readonly<Record<string, Post>> = { embedder: { service: "embedder" } };

/** How long nothing may change, in milliseconds. */
const STANDS_STILL_MS = 60_000;

/** Opens it and does a run in which nobody dies. */
export async function openStage(): Promise<Stage> {
  const sample = { scale: 0.005, seed: 11, dirt: "dangling" } as const;
  const journey = await openJourney(servers, { sample, env: ENV, extractors: 0, loaders: 0 });
  const crew = openCrew({ specOf: journey.specOf, mourn: () => letClaimsEnd(journey) });
  const ends: (() => Promise<void>)[] = [() => journey.close(), () => crew.end()];
  const close = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const here = await startApiHere({ onTestFinished: () => undefined }, journey.stack);
    ends.push(here.stop);
    await crew.man({ ...PLAIN, ...(breakableWithVectors ? EMBEDDER : {}) });
    const runId = await journey.begin({ embeddings: true });
    await Promise.race([journey.completed(runId), crew.accident]);
    const undisturbed = await accountsOf(journey.target, runId);
    if (breakableWithVectors) await drained(journey.target);
    return {
      journey,
      undisturbed,
      crew,
      api: openClient({ url: here.url }),
      tallies: [],
      folder: mkdtempSync(join(tmpdir(), "nexus-failpoints-")),
      vectors: await vectorsOf(journey),
      hash: hashOf(undisturbed.rows),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Time goes by: what a dead extractor has claimed, nobody renews, and another may take it 20 seconds later. */
async function letClaimsEnd({ target }: Journey): Promise<void> {
  for (const table of ["backups", "proofs"])
    await target.query(
      `update migration.${table} set claimed_until = '-infinity' where status = 'open'`,
    );
}

function hashOf(rows: Accounts["rows"]): string {
  return createHash("sha256").update(JSON.stringify(rows)).digest("hex").slice(0, 16);
}

/** Which chunk of which content has which text, of which practice. */
async function vectorsOf({ target }: Pick<Journey, "target">): Promise<readonly string[]> {
  if (!breakableWithVectors) return [];
  const { rows } = await target.query<{ line: string }>(
    `select concat_ws(' ', content_type, content_id, chunk_index, practice_id, sha256_hash, model, md5(embedding::text)) as line
     from public.ai_embeddings order by 1`,
  );
  return rows.map(({ line }) => line);
}

/** A target without a row, and a ledger that knows of nothing. */
export async function clear({ journey, crew }: Stage): Promise<void> {
  // An index that is being built waits for us, and we for it, and so does a sweep: even when whoever began it is dead.
  await crew.withdraw("embedder");
  await journey.target.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'nexus-embedder%'",
  );
  const tables = [
    ...entities.map(({ target }) => `public.${target.table}`),
    ...(breakableWithVectors ? ["public.ai_embeddings", "migration.embedding_texts"] : []),
    ...FORGOTTEN.map((table) => `migration.${table}`),
  ];
  await journey.target.query(`truncate ${tables.join(", ")} cascade`);
}

const FORGOTTEN = [
  "runs",
  "adoptions",
  "rollbacks",
  "proofs",
  "content_events",
  "embedding_items",
  "embedding_failures",
  "embedding_usage",
  "page_readings",
  "dify_documents",
  "dify_datasets",
  "idempotency_keys",
  "heartbeats",
];

/** The run ends as the one did in which nobody died. */
export async function endsTheSame(stage: Stage, runId: number): Promise<void> {
  await stage.journey.completed(runId, STANDS_STILL_MS);
  await count(stage, runId);
  await expectTheSame(stage, runId, STANDS_STILL_MS);
}

/** Every content of the target has its vectors, and they are what they were when nobody died. */
export async function embedsTheSame(stage: Stage): Promise<void> {
  const { target } = stage.journey;
  await drained(target);
  expect(await unsettledContent(target)).toEqual([]);
  expect(await failures(target)).toBe(0);
  expect(await vectorsOf(stage.journey)).toEqual(stage.vectors);
}

/** The rows of the target are what they were when nobody died, whatever run wrote them. */
export async function holdsTheSame(stage: Stage, runId: number): Promise<void> {
  expect(await count(stage, runId)).toEqual(stage.undisturbed.rows);
}

/** Compares the rows of the target, before anything is expected of them: what is wrong is counted, too. Returns them. */
async function count(
  { journey, undisturbed, tallies }: Stage,
  runId: number,
): Promise<Accounts["rows"]> {
  const { rows } = await accountsOf(journey.target, runId);
  tallies.push(tallyOf(undisturbed.rows, rows));
  return rows;
}

/** A target that is loaded, by whichever round. */
export async function load(stage: Stage): Promise<number> {
  await clear(stage);
  await stage.crew.man(PLAIN);
  const runId = await stage.journey.begin();
  await stage.journey.completed(runId);
  return runId;
}

/** Waits for something that an operator asked for. */
export async function notOpen<T extends { readonly status: string }>(
  look: () => Promise<T>,
): Promise<T> {
  return await eventually(look, {
    until: ({ status }) => status !== "open",
    within: STANDS_STILL_MS,
    every: 20,
  });
}
