/** What others have done since a run is not taken back with it: it is left, and listed with its reason. */
import { type Client, openClient } from "@nexus/contract";
import { makeHalfFilled } from "@nexus/local/half-filled";
import { mutate } from "@nexus/local/sample";
import { eventually, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { adoption } from "./half-filled-target.ts";
import { type Journey, openJourney } from "./journey.ts";
import { contents, did, rolledBack } from "./rolled-back.ts";

const [stack] = stacks();

// Needs real servers: rows of others are written from a session beside the run's.
describe.skipIf(stack === undefined)("a rollback", () => {
  let journey: Journey;
  let api: Client;

  beforeAll(async () => {
    if (stack === undefined) throw new Error("there are no servers");
    journey = await openJourney(stack, {
      sample: { scale: 0.02, shape: "real" },
      env: { BATCH_ROWS: "100" },
      fill: async ({ legacyUrl, targetUrl }) => {
        const [source, target] = [{ url: legacyUrl }, { url: targetUrl }];
        await makeHalfFilled({ source, target, shape: "real", seed: 1, orders: "half" });
      },
    });
  });
  afterAll(() => journey?.close());

  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    api = openClient({ url });
  });

  async function load(): Promise<number> {
    const { runId } = await api.call("POST /v1/runs", {
      body: { embeddings: false, leaveStrangers: "rows of the earlier tool" },
    });
    await journey.completed(runId);
    return runId;
  }

  it("of the first run after an adoption gives back the adopted rows, and the adoption can be undone", async () => {
    const { target } = journey;
    const before = await contents(target);
    await adoption(api, { kind: "adopt" });
    const adopted = await contents(target);
    const runId = await load();
    expect(await contents(target)).not.toEqual(adopted);

    const back = await rolledBack(api, runId);
    expect(back.entities.map(({ left }) => left)).toEqual(back.entities.map(() => ({})));
    expect(back.entities.some(({ restored }) => restored > 0)).toBe(true);
    expect(await contents(target)).toEqual(adopted);
    expect((await adoption(api, { kind: "undo" })).status).toBe("done");
    expect(await contents(target)).toEqual(before);
  });

  it("leaves what others changed, deleted or refer to", async () => {
    const { target, stack: servers } = journey;
    await adoption(api, { kind: "adopt" });
    await load();
    const before = await contents(target);
    await mutate({ url: servers.legacyUrl, seed: 5, share: 0.05, shape: "real" });
    const runId = await load();
    const written = async (kind: "inserted" | "updated", entity: string): Promise<string[]> => {
      const { rows } = await target.query<{ id: string }>(
        `select unnest(${kind})::text as id from migration.undo where run_id = $1 and entity = $2`,
        [runId, entity],
      );
      return rows.map(({ id }) => id);
    };
    const [changed = "", same = ""] = await written("updated", "patients");
    const [inserted = "", referred = ""] = await written("inserted", "patients");
    await target.query(
      `create table public.visits (id integer primary key, patient uuid references public.patients on delete cascade);
       insert into public.visits values (1, '${referred}');
       update public.patients set first_name = 'theirs' where id in ('${changed}', '${inserted}')`,
    );
    const theirs = await target.query(
      "select to_jsonb(p) as row from public.patients p where id = any($1)",
      [[changed, inserted, referred]],
    );
    const plan = await rolledBack(api, runId, { plan: true });
    const back = await rolledBack(api, runId);
    expect(did(plan)["patients"]).toEqual(did(back)["patients"]);
    expect(did(back)).toMatchObject({ patients: { left: { changed: 2, referred: 1 } } });
    const { items } = await api.call("GET /v1/rollbacks/:id/left", {
      params: { id: String(back.id) },
      query: {},
    });
    const listed = new Map(items.map(({ id, reason }) => [id, reason]));
    expect([changed, inserted, referred, same].map((id) => listed.get(id))).toEqual([
      "changed",
      "changed",
      "referred",
      undefined,
    ]);
    const after = await target.query(
      "select to_jsonb(p) as row from public.patients p where id = any($1)",
      [[changed, inserted, referred]],
    );
    expect(after.rows).toEqual(theirs.rows);
    expect((await target.query("select from public.visits")).rowCount).toBe(1);

    // What is left goes, and every other row is as it was.
    await target.query(
      `drop table public.visits; delete from public.patients where id in ('${inserted}', '${referred}')`,
    );
    const { patients: _, ...others } = await contents(target);
    const { patients: __, ...othersBefore } = before;
    const left = new Set(items.map(({ entity }) => entity));
    for (const [table, hash] of Object.entries(others))
      if (!left.has(table)) expect(hash, table).toBe(othersBefore[table]);
    await eventually(
      async () =>
        (await target.query("select from migration.rollbacks where status = 'open'")).rowCount ===
        0,
    );
  });
});
