import { freshLedger, eventually } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { keepAudit } from "./audit-retention.ts";

it("the audit log keeps its days, and nothing that is older", async (context) => {
  const { target } = await freshLedger(context);
  await target.query(
    `insert into migration.audit_log (at, actor, action)
     select now() - make_interval(days => days), 'sam', 'search' from unnest(array[0, 29, 31, 4000]) days
     union all select now() - interval '40 days', 'sam', 'pause' from generate_series(1, 6000)`,
  );
  const said: unknown[] = [];
  const log = {
    info: (facts: unknown) => void said.push(facts),
    warn: (facts: unknown) => void said.push(facts),
  };
  const retention = keepAudit(target, 30, log);
  context.onTestFinished(() => retention.stop());
  await eventually(() => said.length === 2);
  expect(said).toEqual([
    { forgotten: 5_000, days: 30 },
    { forgotten: 1_002, days: 30 },
  ]);
  const { rows } = await target.query("select actor from migration.audit_log");
  expect(rows).toHaveLength(2);
});
