/** A source that is followed: deltas come again and again, and wait while it is too slow. */
import type { SyncView } from "@nexus/contract";
import { eventually } from "@nexus/shared/testing";
import type { Scene } from "./scene.ts";
import { clear, holdsTheSame, type Stage } from "./stage.ts";

export const sync: Scene = {
  victim: "extractor",
  play: async (stage, man) => {
    await clear(stage);
    await man();
    await stage.api.call("POST /v1/sync", { body: { everySeconds: 1 } });
    await until(stage, ({ deltas }) => deltas > 1);
    // As if the source had been too slow: the next look finds it fast again. No lock makes it so: each would be an error in its server's log.
    await stage.journey.target.query(
      "update migration.syncs set paused_since = now(), source_ms = 501, source_limit_ms = 500, measured_at = '-infinity'",
    );
    await until(stage, ({ source }) => source?.pausedSince === null);
    const { deltas: before } = await until(stage, () => true);
    await until(stage, ({ deltas }) => deltas > before + 1);
    await stage.api.call("POST /v1/sync/stop", { body: {} });
    await until(stage, ({ run }) => run?.status === "completed");
    const { rows } = await stage.journey.target.query<{ first: number }>(
      "select min(id) as first from migration.runs",
    );
    await holdsTheSame(stage, rows[0]?.first ?? 0);
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
