/** A target that is half filled already becomes whole: nobody is loaded twice, no id changes, what is unclear is left and listed. */
import { openClient } from "@nexus/contract";
import { type HalfFilled, makeHalfFilled, matches, strangers } from "@nexus/local/half-filled";
import { eventually, lockWaits } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ORDERS, SCALE, trials } from "./adoption-trials.ts";
import { startApiHere } from "./api-here.ts";
import { heldUpAt } from "./chaos/hold.ts";
import {
  adoption,
  changedSince,
  counted,
  changesTold,
  counts,
  expectChildren,
  keyOf,
  rememberAdopted,
  sum,
  timed,
  withoutFollowers,
  writesSoFar,
} from "./half-filled-target.ts";
import { type Journey, openJourney } from "./journey.ts";

describe.each(trials)("adoption of the $shape shape, on $name", ({ stack, shape }) => {
  let journey: Journey;
  let half: HalfFilled;
  let keep: readonly string[];
  let before: ReadonlyMap<string, string>;

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: SCALE, shape },
      fill: async ({ legacyUrl, targetUrl }) => {
        const [source, target] = [{ url: legacyUrl }, { url: targetUrl }];
        half = await makeHalfFilled({ source, target, shape, seed: 1, orders: ORDERS });
      },
    });
    const twice = [...half.profiles.duplicates, ...half.cases.duplicates];
    keep = twice.flatMap(({ ids: [first] }) => first ?? []);
    before = await ids();
  });
  afterAll(() => journey?.close());

  it("is asked for by a run, planned without a write, done, undone and done again", async (context) => {
    const { stack: servers, target } = journey;
    const { url } = await startApiHere(context, servers);
    const api = openClient({ url });
    await expect(api.call("POST /v1/runs", { body: { embeddings: false } })).rejects.toMatchObject({
      status: 409,
      code: "strangers",
    });

    const written = await xmins();
    const statistics = await writesSoFar(target);
    const began = performance.now();
    const plan = await adoption(api, { kind: "plan", keep });
    const planMs = Math.round(performance.now() - began);
    expect(plan.status).toBe("done");
    expect(await xmins()).toEqual(written);
    if (stack.name === "servers") {
      const told = plan.entities.length + statistics.told;
      const settled = await eventually(() => writesSoFar(target), {
        until: (now) => now.told >= told,
      });
      expect(settled.tables).toEqual(statistics.tables);
    }
    if (ORDERS === "half") await expectChildren(target, api, plan.id);
    for (const { entity, strangers, adopted, left } of plan.entities)
      expect(adopted + sum(left), entity).toBe(strangers);

    const adopted = await adoption(api, { kind: "adopt", keep });
    expect(adopted.entities.map(counts)).toEqual(plan.entities.map(counts));
    await expectAdopted();

    const undone = await adoption(api, { kind: "undo" });
    expect(undone.status).toBe("done");
    expect((await target.query("select from migration.adopted_rows")).rowCount).toBe(0);
    const again = await adoption(api, { kind: "adopt", keep });
    expect(again.entities.map(counts)).toEqual(plan.entities.map(counts));
    const nothing = await adoption(api, { kind: "adopt", keep });
    expect(sum(counted(nothing))).toBe(0);
    await rememberAdopted(target);

    const { runId } = await api.call("POST /v1/runs", {
      body: { embeddings: false, leaveStrangers: "rows of the earlier tool that nobody knows" },
    });
    const runMs = await timed(() => journey.completed(runId));
    await expect(api.call("POST /v1/adoptions", { body: { kind: "undo" } })).rejects.toMatchObject({
      code: "nothing_to_undo",
    });
    const progress = await journey.completed(runId);
    const changed = await changedSince(target);
    const foreseen = plan.entities.map(({ entity, changes }) => [entity, changes]);
    expect(Object.fromEntries(foreseen)).toEqual(changed);
    const report = await api.call("GET /v1/report", { query: { run: runId } });
    const told = changesTold(report);
    expect(withoutFollowers(told)).toEqual(withoutFollowers(changed));
    for (const { entity, loaded, strangers, adopted: known } of progress) {
      const { rows } = await target.query<{ all: number; keyed: number; adopted: number }>(
        `select count(*) as all, count(${keyOf(entity)}) as keyed,
           (select count(*) from migration.adopted_rows where entity = '${entity}') as adopted from public.${entity}`,
      );
      expect(rows, entity).toEqual([{ all: loaded + strangers, keyed: loaded, adopted: known }]);
    }
    const after = await ids();
    for (const [id, table] of before) expect(after.get(id), id).toBe(table);

    const second = await journey.completed(await journey.begin());
    expect(second.map(({ inserted, updated }) => inserted + updated)).toEqual(second.map(() => 0));
    process.stdout.write(
      `adoption at scale ${SCALE} (${ORDERS} of the orders there) on ${stack.name}, ${shape}: plan ${planMs} ms, run ${runMs} ms, ${JSON.stringify(plan.entities.map(({ entity, strangers, byKey, left }) => ({ entity, strangers, byKey, left })))}\n`,
    );
  });

  /** What the earlier tool's rows are, row by row, as it is known of how they were made. */
  async function expectAdopted(): Promise<void> {
    for (const entity of ["practices", "profiles", "cases", "projects"] as const) {
      const { rows } = await journey.target.query<{ id: string; key: number }>(
        `select id::text as id, ${keyOf(entity)} as key from public.${entity} where ${keyOf(entity)} is not null`,
      );
      const twice = half[entity].duplicates;
      // Which of two projects is adopted follows from which of two cases was kept.
      const either = new Set(entity === "projects" ? twice.flatMap(({ ids }) => ids) : []);
      const kept = twice.map(({ legacyKey, ids: [id = ""] }) => ({ id, legacyKey }));
      const wanted = [...matches(half[entity]), ...kept].filter(({ id }) => !either.has(id));
      const found = rows.filter(({ id }) => !either.has(id));
      expect(found.map(({ id, key }) => `${id} ${key}`).toSorted(), entity).toEqual(
        wanted.map(({ id, legacyKey }) => `${id} ${legacyKey}`).toSorted(),
      );
      const left = await journey.target.query<{ id: string }>(
        `select id::text as id from public.${entity} where ${keyOf(entity)} is null order by 1`,
      );
      expect(
        left.rows.map(({ id }) => id).filter((id) => !either.has(id)),
        entity,
      ).toEqual(strangers(half[entity]).filter((id) => !keep.includes(id) && !either.has(id)));
    }
  }

  it("goes on where a process died that was in the middle of it, and no run starts meanwhile", async (context) => {
    if (stack.name !== "servers")
      context.skip("holding a lock while others work takes a server of many sessions");
    const { target, services } = journey;
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    await target.query(
      `update public.practices set legacy_id = null; update public.profiles set legacy_id = null;
       delete from migration.adopted_rows; delete from migration.left_strangers`,
    );
    const [extractor] = services;
    const holder = await target.connect();
    await holder.query("begin; lock table public.profiles in share row exclusive mode");
    const { id } = await api.call("POST /v1/adoptions", { body: { kind: "adopt" } });
    await eventually(async () => (await lockWaits(target)) > 0, { within: 120_000 });
    await expect(api.call("POST /v1/runs", { body: {} })).rejects.toMatchObject({
      code: "adoption_open",
    });
    await expect(api.call("POST /v1/adoptions", { body: {} })).rejects.toMatchObject({
      code: "adoption_open",
    });
    await extractor?.kill("SIGKILL");
    const done = await target.query<{ practices: number; profiles: number }>(
      "select (select count(legacy_id) from public.practices) as practices, (select count(legacy_id) from public.profiles) as profiles",
    );
    expect(done.rows).toEqual([{ practices: expect.any(Number), profiles: 0 }]);
    expect(done.rows[0]?.practices).toBeGreaterThan(0);
    await holder.query("rollback");
    holder.release();
    await Promise.all([journey.start("extractor"), journey.start("extractor")]);
    const adopted = await eventually(
      () => api.call("GET /v1/adoptions/:id", { params: { id: String(id) } }),
      {
        until: ({ status }) => status !== "open",
        within: 120_000,
      },
    );
    expect(adopted.status).toBe("done");
    expect(await keyed()).toBe(sum(counted(adopted)));
    const { rows } = await target.query(
      "select id from migration.adopted_rows group by id having count(*) > 1",
    );
    expect(rows).toEqual([]);
  });

  it("is given up while it writes: what was written stays, undo takes it back, a run may start", async (context) => {
    if (stack.name !== "servers" || shape !== "real")
      context.skip("holding a lock takes a server of many sessions; once is enough");
    const { target } = journey;
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    await target.query(
      `update public.practices set legacy_id = null; update public.profiles set legacy_id = null;
       delete from migration.adopted_rows`,
    );
    const holder = await target.connect();
    await holder.query("begin; lock table public.profiles in share row exclusive mode");
    const { id } = await api.call("POST /v1/adoptions", { body: { kind: "adopt" } });
    // Not any wait for a lock: whoever takes turns waits before the profiles have begun.
    await heldUpAt(target, "extractor", "public.profiles");
    const params = { id: String(id) };
    const givenUp = api.call("POST /v1/adoptions/:id/cancel", { params, body: {} });
    // Idle extractors wait for the one at work, too: it is the API that has to stand in the line.
    await eventually(async () => (await lockWaits(target, "api")) > 0, { within: 120_000 });
    await holder.query("rollback");
    holder.release();
    expect(await givenUp).toEqual({ id, status: "cancelled" });
    const written = await keyed();
    expect(written).toBeGreaterThan(0);
    const { rows } = await target.query("select from migration.adopted_rows");
    expect(rows).toHaveLength(written);
    const undone = await adoption(api, { kind: "undo" });
    expect([undone.status, await keyed()]).toEqual(["done", 0]);
    const { runId } = await api.call("POST /v1/runs", {
      body: { embeddings: false, entities: ["practices"], leaveStrangers: "to see" },
    });
    await api.call("POST /v1/runs/:id/cancel", { params: { id: String(runId) }, body: {} });
  });

  /** The transactions that wrote the rows which the earlier tool has left. */
  async function xmins(): Promise<unknown[]> {
    const { rows } = await journey.target.query(
      `select 'practices' as table, xmin::text, count(*) from public.practices group by 2
       union all select 'profiles', xmin::text, count(*) from public.profiles group by 2 order by 1, 2`,
    );
    return rows;
  }

  async function keyed(): Promise<number> {
    const { rows } = await journey.target.query<{ keyed: number }>(
      "select (select count(legacy_id) from public.practices) + (select count(legacy_id) from public.profiles) as keyed",
    );
    return rows[0]?.keyed ?? 0;
  }

  async function ids(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await journey.target.query<{ id: string; table: string }>(
      "select id::text as id, 'practices' as table from public.practices union all select id::text, 'profiles' from public.profiles",
    );
    return new Map(rows.map(({ id, table }) => [id, table]));
  }
});
