/** What a process is doing when it dies, and what must have come of it in the end. */
import { rmSync, statSync } from "node:fs";
import { entities } from "@nexus/catalog";
import { ApiProblem, ApiUnreachable, type Client, openClient } from "@nexus/contract";
import { difyEnvironment, startDify } from "@nexus/local/dify";
import type { ServiceName } from "@nexus/local/services";
import { brokenInvariants } from "@nexus/shared/ledger";
import type { Failpoint } from "@nexus/shared/runtime";
import { eventually, withoutPgDump } from "@nexus/shared/testing";
import { expect } from "vitest";
import { filled, heldDocuments, wantedDocuments } from "../../dify.ts";
import { askBack, contents, over } from "../../rolled-back.ts";
import { verify } from "../../verify.ts";
import { breakableWithVectors } from "../arena.ts";
import type { Env, Post } from "./crew.ts";
import {
  clear,
  embedsTheSame,
  endsTheSame,
  holdsTheSame,
  load,
  notOpen,
  PLAIN,
  type Stage,
} from "./stage.ts";

export interface Scene {
  /** The service whose processes die. */
  readonly victim: ServiceName;
  /** Why it cannot be played on this machine; undefined: it can. */
  readonly missing?: string | undefined;
  /** Plays it: `man` puts the victims to their post, with an environment of their own. Throws where the end is not as it must be. */
  play(stage: Stage, man: Man): Promise<void>;
}

/** Mans the victims' post, and those of the others. */
type Man = (env?: Env, others?: Readonly<Record<string, Post>>) => Promise<void>;

const run = (victim: ServiceName): Scene => ({
  victim,
  play: async (stage, man) => {
    await clear(stage);
    await man();
    await endsTheSame(stage, await stage.journey.begin({ embeddings: true }));
  },
});

const backup: Scene = {
  victim: "extractor",
  missing: withoutPgDump(),
  play: async (stage, man) => {
    const { journey, folder, api } = stage;
    await clear(stage);
    await man({ BACKUP: "pg_dump", BACKUP_TO: folder });
    const runId = await journey.begin({ embeddings: true });
    await endsTheSame(stage, runId);
    const { items } = await api.call("GET /v1/backups", { query: { run: runId } });
    expect(items.map(({ status }) => status)).toEqual(entities.map(() => "done"));
    for (const { file, bytes } of items) expect(statSync(file ?? "").size).toBe(bytes);
    await stage.crew.withdraw("extractor"); // Runs that begin while one is there that takes backups want theirs.
  },
};

/** As an earlier tool might have left them: rows without a legacy key, that are known by their ids. */
const KEYLESS = ["practices", "profiles", "cases", "projects"];

const adoption: Scene = {
  victim: "extractor",
  play: async (stage, man) => {
    const { journey, api } = stage;
    await load(stage);
    const before = await contents(journey.target);
    for (const { target } of entities.filter(({ name }) => KEYLESS.includes(name)))
      await journey.target.query(`update public.${target.table} set ${target.key} = null`);
    await journey.target.query("truncate migration.runs cascade");
    await man();
    for (const kind of ["adopt", "undo", "adopt"] as const) {
      const { id } = await api.call("POST /v1/adoptions", { body: { kind } });
      const params = { id: String(id) };
      const done = await notOpen(() => api.call("GET /v1/adoptions/:id", { params }));
      expect(done).toMatchObject({ status: "done", errorCode: null });
    }
    expect(await contents(journey.target)).toEqual(before);
  },
};

const rollback: Scene = {
  victim: "extractor",
  play: async (stage, man) => {
    const { journey, api } = stage;
    await clear(stage);
    const before = await contents(journey.target);
    const runId = await load(stage);
    await man();
    expect((await over(api, await askBack(api, runId))).status).toBe("done");
    expect(await contents(journey.target)).toEqual(before);
    expect(await brokenInvariants(journey.target, entities)).toEqual([]);
  },
};

const proof: Scene = {
  victim: "extractor",
  play: async (stage, man) => {
    const runId = await load(stage);
    await man();
    const { entities: verified } = await verify(stage.api);
    expect(verified.map(({ status }) => status)).toEqual(entities.map(() => "proved"));
    expect(verified.reduce((sum, { differences }) => sum + (differences ?? 0), 0)).toBe(0);
    await holdsTheSame(stage, runId);
  },
};

const NO_VECTORS = breakableWithVectors ? undefined : "no servers with vectors";

const embedding: Scene = {
  victim: "embedder",
  missing: NO_VECTORS,
  play: async (stage, man) => {
    await clear(stage);
    await man();
    await endsTheSame(stage, await stage.journey.begin({ embeddings: true }));
    await embedsTheSame(stage);
  },
};

const dify: Scene = {
  victim: "embedder",
  missing: NO_VECTORS,
  play: async (stage, man) => {
    const { journey } = stage;
    await clear(stage);
    const server = await startDify();
    try {
      await man({ ...difyEnvironment(server.url), EMBEDDINGS: "off" });
      await endsTheSame(stage, await journey.begin({ embeddings: true, dify: true }));
      await filled(journey.target);
      expect(heldDocuments(server)).toEqual(await wantedDocuments(journey.target));
    } finally {
      await stage.crew.man(PLAIN);
      await server.close();
    }
  },
};

/** Who is not answered asks again with the same key, as `nexus` does: it is done once. */
const api: Scene = {
  victim: "api",
  play: async (stage, man) => {
    const { journey } = stage;
    await clear(stage);
    await man({ API_PORT: "0" });
    await untilAnswered(stage, (client) =>
      client.call("POST /v1/runs", { body: { embeddings: true }, idempotencyKey: "start" }),
    );
    const [only, ...others] = await runsOf(stage);
    expect(others, "a second run").toEqual([]);
    await endsTheSame(stage, only ?? 0);
    await untilAnswered(stage, (client) =>
      client.call("POST /v1/entities/:entity/requeue", {
        params: { entity: "cases" },
        body: { scope: "all" },
        idempotencyKey: "requeue",
      }),
    );
    const [repair, ...more] = (await runsOf(stage)).toReversed();
    expect(more, "a second repair").toEqual([only]);
    await journey.completed(repair ?? 0);
    await holdsTheSame(stage, only ?? 0);
  },
};

async function runsOf({ journey }: Stage): Promise<number[]> {
  const { rows } = await journey.target.query<{ id: number }>(
    "select id from migration.runs order by id",
  );
  return rows.map(({ id }) => id);
}

/** Asks until it is answered, by whoever stands at the post by then. What it asked for may be there already. */
async function untilAnswered(
  { crew, journey }: Stage,
  ask: (client: Client) => Promise<unknown>,
): Promise<void> {
  await eventually(
    async () => {
      try {
        const { port } = (await crew.at("api")?.waitForLine({ msg: "ready" })) ?? {};
        await ask(openClient({ url: `http://127.0.0.1:${String(port)}` }));
        return true;
      } catch (error) {
        if (error instanceof ApiProblem && error.code === "run_active") return true;
        if (isOfTheDead(error)) await letKeysAge(journey);
        else throw error;
        return false;
      }
    },
    { within: 30_000, every: 100 },
  );
}

/** It died before it was ready, or while it answered, or has left its key behind. */
function isOfTheDead(error: unknown): boolean {
  if (error instanceof ApiProblem) return error.code === "idempotency_in_flight";
  return error instanceof ApiUnreachable || /ended without/.test(String(error));
}

/** A minute goes by: then a key belongs to nobody any more. */
async function letKeysAge({ target }: Stage["journey"]): Promise<void> {
  await target.query(
    "update migration.idempotency_keys set claimed_at = claimed_at - interval '1 minute'",
  );
}

type Part = Failpoint extends `${infer P}.${string}` ? P : never;

const SCENES: Readonly<Record<Part, Scene>> = {
  run: run("extractor"),
  plan: run("extractor"),
  dispatch: run("extractor"),
  parked: run("extractor"),
  rollup: run("extractor"),
  settle: run("extractor"),
  gone: run("extractor"),
  loader: run("loader"),
  queue: run("loader"),
  backup,
  adopt: adoption,
  rollback,
  proof,
  relay: embedding,
  embedder: embedding,
  budget: embedding,
  vectors: embedding,
  dify,
  api,
};

/** The scene in which a process comes to the point. */
export function sceneOf(point: Failpoint): Scene {
  for (const [part, scene] of Object.entries(SCENES))
    if (point.startsWith(`${part}.`)) return scene;
  throw new Error(`no scene for ${point}`);
}

/** Removes what rounds have left. */
export function tidy({ folder }: Stage): void {
  rmSync(folder, { recursive: true, force: true });
}
