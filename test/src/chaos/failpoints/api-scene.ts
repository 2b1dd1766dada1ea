/** An API that dies while it starts a run, or plans rows again. */
import { ApiProblem, ApiUnreachable, type Client, openClient } from "@nexus/contract";
import { eventually } from "@nexus/shared/testing";
import { expect } from "vitest";
import type { Scene } from "./scene.ts";
import { clear, endsTheSame, holdsTheSame, type Stage } from "./stage.ts";

/** Who is not answered asks again with the same key, as `nexus` does: it is done once. */
export const api: Scene = {
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
        if (error instanceof ApiProblem && DONE.includes(error.code)) return true;
        if (isOfTheDead(error)) await letKeysAge(journey);
        else throw error;
        return false;
      }
    },
    { within: 30_000, every: 100 },
  );
}

/** The run goes on, or has ended; the answer is lost. */
const DONE: readonly string[] = ["run_active", "already_done"];

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
