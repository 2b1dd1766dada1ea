/** Commands that have nothing to do say so, and change nothing: a misspelt name is no such thing. */
import { createProof } from "@nexus/shared/ledger";
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiToCommand, apiToCommand } from "./nexus.fixture.ts";

const EVERYTHING = { entities: null, range: null, sample: null, codes: null };

describe("nexus", () => {
  let api: ApiToCommand;
  beforeEach(async (context) => {
    api = await apiToCommand(context);
  });

  it("rollback, cutover: give up what is open, and say where nothing is", async () => {
    const runId = await seedRun(api.target, { status: "completed", entities: {} });
    await api.target.query(
      "insert into migration.rollbacks (run_id, kind, actor) values ($1, 'rollback', 'sam')",
      [runId],
    );
    const another = await api.run(`rollback ${runId + 1} --cancel`);
    expect([another.code, another.stderr]).toEqual([
      4,
      `note: no rollback of run ${runId + 1} is open: there is nothing to cancel\n`,
    ]);
    const cancelled = await api.run(`rollback ${runId} --cancel --reason enough`);
    expect(cancelled.stdout).toMatch(/^rollback 1 of run \d+ is cancelled; what it has taken back/);
    const { rows } = await api.target.query(
      "select r.status, a.action, a.reason from migration.rollbacks r, migration.audit_log a",
    );
    expect(rows).toEqual([{ status: "cancelled", action: "cancel_rollback", reason: "enough" }]);
    const none = await api.run("cutover --cancel");
    expect([none.code, none.stderr]).toEqual([
      4,
      expect.stringContaining("no cut-over is open: there is nothing to cancel"),
    ]);
  });

  it.each([
    ["verify", "verification"],
    ["forecast", "forecast"],
  ] as const)("%s: gives up what is open, and says where nothing is", async (command, kind) => {
    const nothing = { code: 4, stderr: `note: no ${kind} is open: there is nothing to cancel\n` };
    expect(await api.run(`${command} --cancel`)).toMatchObject(nothing);
    await createProof(api.target, kind, EVERYTHING, { actor: "sam", reason: null });
    const cancelled = await api.run(`${command} --cancel --reason enough`);
    expect(cancelled.stdout).toContain(`${kind} 1 is cancelled; an extractor`);
    const { rows } = await api.target.query(
      `select p.status, p.error_code as code, a.action, a.reason, a.details::text from migration.proofs p, migration.audit_log a where action like 'cancel%'`,
    );
    const action = `cancel_${kind}`;
    const details = `{"${kind}": 1}`;
    expect(rows).toEqual([
      { status: "failed", code: "cancelled", action, reason: "enough", details },
    ]);
    expect(await api.run(`${command} --cancel`)).toMatchObject(nothing);
  });

  it("audit: refuses a verb or an entity that it does not know", async () => {
    const verb = await api.run("audit --action nope");
    expect([verb.code, verb.stderr]).toEqual([
      2,
      expect.stringMatching(/Allowed choices are start, /),
    ]);
    expect((await api.run("audit --entity nope")).code).toBe(2);
  });
});
