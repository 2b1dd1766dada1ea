/** A source that is followed: deltas come again and again, and wait while it does not answer. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import type { SyncView } from "@nexus/contract";
import { eventually } from "@nexus/shared/testing";
import type { Scene } from "./scene.ts";
import { clear, holdsTheSame, type Stage } from "./stage.ts";

/** Milliseconds; a lock lasts longer. */
const PATIENCE = { SYNC_SOURCE_LATENCY: "200" };

export const sync: Scene = {
  victim: "extractor",
  play: async (stage, man) => {
    await clear(stage);
    await man(PATIENCE);
    await stage.api.call("POST /v1/sync", { body: { everySeconds: 1 } });
    await until(stage, ({ deltas }) => deltas > 1);
    const mute = await silence(stage);
    await until(stage, ({ source }) => (source?.pausedSince ?? null) !== null);
    await mute.end();
    await until(stage, ({ source }) => source?.pausedSince === null);
    const { deltas: before } = await until(stage, () => true);
    await until(stage, ({ deltas }) => deltas > before + 1);
    await stage.api.call("POST /v1/sync/stop", { body: {} });
    const { run } = await until(stage, ({ run: newest }) => newest?.status === "completed");
    await holdsTheSame(stage, run?.id ?? 0);
  },
};

async function until(stage: Stage, is: (following: Following) => boolean): Promise<Following> {
  const { following } = await eventually(() => stage.api.call("GET /v1/sync"), {
    until: (view) => view.following !== null && is(view.following),
    within: 60_000,
    every: 20,
  });
  if (following === null) throw new Error("nothing is followed");
  return following;
}

type Following = NonNullable<SyncView["following"]>;

/** Nobody reads the tables of the source that are looked at. */
async function silence({ journey }: Stage): Promise<{ end(): Promise<void> }> {
  const client = await journey.legacy.connect();
  const tables = inDependencyOrder(entities).map(({ source }) => source.table);
  await client.query(
    `begin; lock table ${[...new Set(tables)].join(", ")} in access exclusive mode`,
  );
  return {
    end: async () => {
      await client.query("rollback");
      client.release();
    },
  };
}
