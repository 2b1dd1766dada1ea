import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiToCommand, apiToCommand } from "./nexus.fixture.ts";

describe("nexus accounts invite", () => {
  let api: ApiToCommand;
  beforeEach(async (context) => {
    api = await apiToCommand(context);
    const runId = await seedRun(api.target, { status: "completed", entities: {} });
    await api.target.query(
      `insert into migration.accounts (legacy_id, profile_id, run_id, state, made_by, password)
       select n, gen_random_uuid(), $1, 'done', $1, case when n < 3 then 'password_pbkdf2' else 'imported' end
       from generate_series(1, 4) n`,
      [runId],
    );
  });

  it("says what is missing where neither --dry-run nor --go is there, or both", async () => {
    const { code, stderr } = await api.run("accounts invite");
    expect(code).toBe(2);
    expect(stderr).toMatch(/--dry-run counts .*, --go sends/);
    expect((await api.run("accounts invite --dry-run --go")).code).toBe(2);
    expect((await api.run("accounts invite --go --method post")).code).toBe(2);
  });

  it("counts with --dry-run, and invites nobody", async () => {
    const { code, stdout } = await api.run("accounts invite --dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain("2 users would be invited; nothing was sent");
    expect(stdout).toMatch(/password_pbkdf2 +2/);
    const { rowCount } = await api.target.query("select from migration.account_invitations");
    expect(rowCount).toBe(0);
  });

  it("invites with --go, and lists what became of it", async () => {
    const done = await api.run("accounts invite --go --method magiclink");
    expect(done.stdout).toBe("2 users are invited\nhow far: nexus accounts invitations\n");
    await api.target.query(
      `update migration.account_invitations set state = 'unsure', intended_at = now() where legacy_id = 1`,
    );
    const { stdout } = await api.run("accounts invitations");
    expect(stdout).toMatch(/unsure +1/);
    expect(stdout).toMatch(/\n1 +magiclink +unsure/);
    expect(stdout).toContain("--again-unsure");
    expect((await api.run("accounts invite --go --again-unsure")).stdout).toContain(
      "1 users are invited, 1 of them once more",
    );
    expect(await api.json("accounts invitations --state due")).toMatchObject({
      states: { due: 2 },
    });
  });
});
