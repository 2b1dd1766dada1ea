/** Times without a zone are read as of the zone in which they were written. */
import { makeSample } from "@nexus/local/sample";
import { startPostgres } from "@nexus/shared/testing";
import { afterAll, describe, expect, it } from "vitest";
import { openSource, outcomesOf, rolledBack } from "./reading.ts";

const postgres = await startPostgres();
afterAll(async () => {
  if (postgres.found) await postgres.stop();
});

describe.skipIf(!postgres.found)("times without a zone", () => {
  /** What a clock in US/Pacific showed, and when that was. The hour that is skipped in March, and the one that comes twice in November. */
  const CLOCKS = [
    ["2019-01-15 12:00:00.123456", "2019-01-15 20:00:00.123456+00"],
    ["2019-07-15 12:00:00", "2019-07-15 19:00:00+00"],
    ["2019-03-10 01:59:59", "2019-03-10 09:59:59+00"],
    ["2019-03-10 02:30:00", "2019-03-10 10:30:00+00"],
    ["2019-03-10 03:00:00", "2019-03-10 10:00:00+00"],
    ["2019-11-03 00:30:00", "2019-11-03 07:30:00+00"],
    ["2019-11-03 01:30:00", "2019-11-03 09:30:00+00"],
    ["2019-11-03 02:30:00", "2019-11-03 10:30:00+00"],
  ] as const;

  it.each([
    { type: "timestamp", setting: "US/Pacific", zone: undefined },
    { type: "text", setting: "US/Pacific", zone: undefined },
    { type: "timestamp", setting: "Asia/Tokyo", zone: "US/Pacific" },
    { type: "text", setting: "Asia/Tokyo", zone: "US/Pacific" },
  ])(
    "of type $type are read as of $zone, else the server's setting $setting",
    async ({ type, setting, zone }) => {
      if (!postgres.found) return;
      const url = await postgres.database("zones");
      const pool = openSource(url);
      await makeSample({ url, scale: 0.002, seed: 7, shape: "reported" });
      await pool.query(
        `do $$ begin execute format('alter database %I set timezone = ''${setting}''', current_database()); end $$`,
      );
      await pool.query(`alter table dispatch_office alter created_at type ${type}, alter updated_at type ${type}; delete from dispatch_template;
      delete from dispatch_state; delete from dispatch_project; delete from dispatch_office_doctors; delete from dispatch_office`);
      for (const [n, [clock]] of CLOCKS.entries())
        await pool.query(
          "insert into dispatch_office (id, name, created_at) values ($1, 'x', $2)",
          [n, clock],
        );
      await pool.end();
      const legacy = openSource(url);
      const { practices = [] } = await rolledBack(legacy, (tx) => outcomesOf(tx, zone));
      await legacy.end();
      const instants = practices.map((one) =>
        typeof one === "object" && one.kind === "loaded" ? one.row["created_at"] : one,
      );
      expect(instants).toEqual(CLOCKS.map(([, instant]) => instant));
    },
  );
});
