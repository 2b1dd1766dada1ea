/** Servers that refuse instead of being away, and rows that break their connection: no good batch fails, no bad one is tried for ever. */
import { currentHolds } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  type Arena,
  beginAnew,
  beginWithoutLoaders,
  breakable,
  expectTheSame,
  extraAttempts,
  openArena,
} from "./arena.ts";
import { heldUpAt, hold } from "./hold.ts";

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
describe.skipIf(!breakable)("a server that refuses", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({ sample: { scale: 0.01, seed: 23 }, env: { BATCH_ROWS: "100" } });
    await arena.journey.target.query(`
      create table public.test_trouble (key integer, code text);
      create function public.make_trouble() returns trigger language plpgsql as $$
      declare trouble text; begin
        select code into trouble from public.test_trouble where key = new.legacy_id or key is null limit 1;
        if trouble = 'terminate' then perform pg_terminate_backend(pg_backend_pid());
        elsif trouble is not null then raise exception 'trouble' using errcode = trouble; end if;
        return new; end $$;
      create trigger test_trouble before insert or update on public.profiles
        for each row execute function public.make_trouble()`);
  });
  afterAll(() => arena.journey.close());

  const trouble = async (key: number | null, code: string): Promise<void> => {
    const { target } = arena.journey;
    onTestFinished(async () => void (await target.query("delete from public.test_trouble")));
    await target.query("insert into public.test_trouble values ($1, $2)", [key, code]);
  };
  const mended = async (): Promise<unknown> =>
    await arena.journey.target.query("delete from public.test_trouble");

  /** For sessions that begin from now on. */
  const setForAll = async (setting: string): Promise<void> => {
    const { target } = arena.journey;
    const { rows } = await target.query<{ name: string }>(
      "select quote_ident(current_database()) as name",
    );
    await target.query(`alter database ${rows[0]?.name} set ${setting}`);
  };

  it.each(["53100", "53300", "25006", "57P03"])(
    "everything with %s holds the run up and says so, spends no attempt, and goes on by itself",
    async (code) => {
      const { journey } = arena;
      await trouble(null, code);
      const runId = await beginAnew(journey);
      const holds = await eventually(() => currentHolds(journey.target), {
        until: ({ length }) => length > 0,
        within: 30_000,
      });
      expect(holds).toMatchObject([{ server: "target", code }]);
      const tries = async () => {
        const { rows } = await journey.target.query<{ on_offer: number }>(
          "select count(*) as on_offer from migration.batches where run_id = $1 and entity = 'profiles' and status = 'queued'",
          [runId],
        );
        return rows[0]?.on_offer ?? 0;
      };
      await eventually(tries, { until: (onOffer) => onOffer <= 1, within: 30_000 });
      await mended();
      await expectTheSame(arena, runId, 60_000);
      expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
      expect(await currentHolds(journey.target)).toEqual([]);
    },
    90_000,
  );

  it("to keep a session for longer than 0.3 s, as a failover does, fails nothing", async () => {
    const { journey } = arena;
    const runId = await beginAnew(journey);
    const until = performance.now() + 6_000;
    let ended = 0;
    await eventually(
      async () => {
        const { rowCount } = await journey.target.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nexus-loader'",
        );
        ended += rowCount ?? 0;
        return performance.now() > until;
      },
      { within: 20_000, every: 300 },
    );
    expect(ended, "sessions that were ended").toBeGreaterThan(5);
    await expectTheSame(arena, runId, 90_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("a transaction, as it and another wait crosswise (40P01), has it done again, and no attempt is spent", async () => {
    const { journey } = arena;
    const { target } = journey;
    await setForAll("deadlock_timeout = '5s'"); // Of two that wait, the first to look is the loader.
    onTestFinished(() => setForAll("deadlock_timeout to default"));
    const runId = await beginWithoutLoaders(journey);
    const other = await hold(target, "lock table public.profiles in share mode");
    const loader = await journey.start("loader");
    await heldUpAt(target, "loader", "public.profiles");
    await other.take(
      "select from migration.batches where run_id = $1 and entity = 'profiles' order by seq limit 1 for update",
      [runId],
    );
    await other.release();
    await expectTheSame(arena, runId, 60_000);
    expect(loader.logs().filter(({ code }) => code === "40P01")).toHaveLength(1);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("one row each time, by ending the session, rejects that row with a reason and loads all others", async () => {
    const { journey } = arena;
    const { rows } = await journey.legacy.query<{ id: number }>(
      "select id from auth_user order by id offset 40 limit 1",
    );
    const key = rows[0]?.id ?? 0;
    await trouble(key, "terminate");
    const runId = await beginAnew(journey);
    await journey.completed(runId, 90_000);
    const found = await journey.target.query(
      "select entity, legacy_id, reason from migration.exceptions where run_id = $1 and reason = 'breaks_connection'",
      [runId],
    );
    expect(found.rows).toEqual([
      { entity: "profiles", legacy_id: key, reason: "breaks_connection" },
    ]);
    const failed = await journey.target.query(
      "select from migration.batches where run_id = $1 and status = 'failed'",
      [runId],
    );
    expect(failed.rowCount).toBe(0);
  });

  it("every row, fails the batch with a reason instead of trying for ever", async () => {
    const { journey } = arena;
    await trouble(null, "terminate");
    const runId = await beginAnew(journey);
    const failed = () =>
      journey.target.query(
        "select distinct error_code from migration.batches where run_id = $1 and entity = 'profiles' and status = 'failed'",
        [runId],
      );
    const { rows } = await eventually(failed, {
      until: ({ rowCount }) => rowCount === 1,
      within: 90_000,
    });
    expect(rows).toEqual([{ error_code: "breaks_connection" }]);
    await journey.target.query("update migration.runs set status = 'cancelled' where id = $1", [
      runId,
    ]);
  });
});
