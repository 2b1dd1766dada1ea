import { beforeEach, describe, expect, it } from "vitest";
import { uuid } from "./accounts.fixture.ts";
import {
  claimDue,
  type Claimed,
  ClaimLost,
  forget,
  intend,
  recordRefused,
  recordThere,
} from "./claims.ts";
import { type StageUnderTest, stageUnderTest } from "./stage.fixture.ts";

let stage: StageUnderTest;
beforeEach(async (context) => {
  stage = await stageUnderTest(context, 1);
});

async function claimed(): Promise<Claimed> {
  const [one] = await claimDue(stage.target, 1, 60_000);
  if (one === undefined) throw new Error("nothing is due");
  return one;
}

const change = (to: string): Promise<unknown> =>
  stage.target.query(`update migration.accounts set ${to}`);

describe("an account that is claimed", () => {
  it("is forgotten with its invitation", async () => {
    await change("state = 'removing', made_by = run_id");
    await stage.target.query(
      `insert into migration.account_invitations (legacy_id, made_by, method, state) values (1, $1, 'recovery', 'sent')`,
      [stage.runId],
    );
    await forget(stage.target, await claimed());
    expect(await stage.row(1, "state")).toBeUndefined();
    const { rows } = await stage.target.query("select from migration.account_invitations");
    expect(rows).toEqual([]);
  });

  it("is due again if its profile says something else by the time that it was told", async () => {
    await change("made_by = run_id");
    const one = await claimed();
    if (one.rights === null) throw new Error("no profile");
    await stage.target.query("update public.profiles set role = 'admin'");
    const there = { madeBy: stage.runId, told: one.rights, knows: true };
    await recordThere(stage.target, one, there);
    expect(await stage.row(1, "state, role")).toEqual({ state: "due", role: "doctor" });
    const told = { ...one.rights, role: "admin" };
    await recordThere(stage.target, await claimed(), { ...there, told });
    expect(await stage.row(1, "state, role")).toEqual({ state: "done", role: "admin" });
  });

  it("is not created under another id than the one that was claimed", async () => {
    const one = await claimed();
    await change(`profile_id = '${uuid(2)}'`);
    await expect(intend(stage.target, one, "imported", 60_000)).rejects.toThrow(ClaimLost);
    expect(await stage.row(1, "asked_at")).toEqual({ asked_at: null });
  });

  it("keeps what became of its password when it was asked for first", async () => {
    const one = await intend(stage.target, await claimed(), "password_pbkdf2", 60_000);
    await intend(stage.target, { ...one, asked: true }, "imported", 60_000);
    expect(await stage.row(1, "password")).toEqual({ password: "password_pbkdf2" });
  });

  it("that could not be taken back is told of, whatever was decided about its user", async () => {
    await change("state = 'removing', made_by = run_id, reason = 'shared_address', holder = 7");
    await recordRefused(stage.target, await claimed(), "unexpected_failure");
    expect(await stage.row(1, "state, code, reason, holder, made_by")).toEqual({
      state: "refused",
      code: "not_removed",
      reason: null,
      holder: null,
      made_by: stage.runId,
    });
  });
});

describe("what is due", () => {
  it.each(["cancelled", "failed", "rolled_back"])(
    "is nobody's once the run is %s, but for what is to be removed",
    async (status) => {
      await stage.target.query("update migration.runs set status = $1", [status]);
      expect(await claimDue(stage.target, 1, 60_000)).toEqual([]);
      await change("state = 'removing'");
      expect(await claimDue(stage.target, 1, 60_000)).toMatchObject([{ legacyId: 1 }]);
    },
  );
});
