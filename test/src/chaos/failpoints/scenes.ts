/** What a process is doing when it dies, and what must have come of it in the end. */
import { rmSync, statSync } from "node:fs";
import { entities } from "@nexus/catalog";
import { difyEnvironment, startDify } from "@nexus/local/dify";
import type { ServiceName } from "@nexus/local/services";
import { brokenInvariants } from "@nexus/shared/ledger";
import type { Failpoint } from "@nexus/shared/runtime";
import { withoutPgDump } from "@nexus/shared/testing";
import { expect } from "vitest";
import { filled, heldDocuments, wantedDocuments } from "../../dify.ts";
import { askBack, contents, over } from "../../rolled-back.ts";
import { verify } from "../../verify.ts";
import { accountsOf } from "../accounts.ts";
import { breakableWithVectors } from "../arena.ts";
import { decision, making } from "./accounts-scene.ts";
import { api } from "./api-scene.ts";
import { invitation } from "./invitation-scene.ts";
import type { Scene } from "./scene.ts";
import { sync } from "./sync-scene.ts";
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

const run = (victim: ServiceName): Scene => ({
  victim,
  play: async (stage, man) => {
    await clear(stage);
    await man();
    await endsTheSame(stage, await stage.journey.begin({ embeddings: true }));
  },
});

/** The target does not keep one practice: rows that wait for it are parked as long as the run goes on. */
const parked: Scene = {
  victim: "extractor",
  play: async (stage, man) => {
    const { target, begin, completed } = stage.journey;
    const runOnce = async () => {
      const runId = await begin({ embeddings: true });
      await completed(runId);
      return await accountsOf(target, runId);
    };
    await clear(stage);
    await target.query(WITHHELD);
    try {
      await stage.crew.man(PLAIN);
      const undisturbed = await runOnce();
      expect(
        undisturbed.exceptions.filter((one) => one.includes(" parked ")).length,
      ).toBeGreaterThan(0);
      await clear(stage);
      await man();
      expect(await runOnce()).toEqual(undisturbed);
    } finally {
      await target.query("drop function withheld cascade");
    }
  },
};

const WITHHELD = `
  create function withheld() returns trigger language plpgsql as $$ begin return null; end $$;
  create trigger withheld before insert on public.practices for each row when (new.legacy_id % 4 = 0) execute function withheld()`;

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

type Part = Failpoint extends `${infer P}.${string}` ? P : never;

const SCENES: Readonly<Record<Part, Scene>> = {
  run: run("extractor"),
  plan: run("extractor"),
  dispatch: run("extractor"),
  parked,
  rollup: run("extractor"),
  settle: run("extractor"),
  gone: run("extractor"),
  loader: run("loader"),
  queue: run("loader"),
  backup,
  adopt: adoption,
  rollback,
  proof,
  sync,
  relay: embedding,
  embedder: embedding,
  budget: embedding,
  vectors: embedding,
  dify,
  accounts: making,
  invitation,
  api,
};

/** Points of another service than the others of their part. */
const OTHERS: Readonly<Partial<Record<Failpoint, Scene>>> = { "accounts.decided": decision };

/** The scene in which a process comes to the point. */
export function sceneOf(point: Failpoint): Scene {
  const other = OTHERS[point];
  if (other !== undefined) return other;
  for (const [part, scene] of Object.entries(SCENES))
    if (point.startsWith(`${part}.`)) return scene;
  throw new Error(`no scene for ${point}`);
}

/** Removes what rounds have left. */
export function tidy({ folder }: Stage): void {
  rmSync(folder, { recursive: true, force: true });
}
