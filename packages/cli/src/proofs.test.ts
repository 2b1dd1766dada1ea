import {
  cancelProof,
  claimProof,
  endProof,
  type HeldProof,
  recordNeeds,
  recordProved,
} from "@nexus/shared/ledger";
import { eventually, type TestContext } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { type ApiToCommand, apiToCommand } from "./nexus.fixture.ts";

/** Runs a command beside somebody who does what an extractor would; undefined: it is over already. */
async function beside(
  nexus: ApiToCommand,
  line: string,
  work: (proof: HeldProof) => Promise<string | null | undefined>,
) {
  const running = nexus.run(line);
  const proof = await eventually(() => claimProof(nexus.target), {
    until: (found) => found !== undefined,
  });
  if (proof === undefined) throw new Error("nothing was asked for");
  const code = await work(proof);
  if (code !== undefined) await endProof(nexus.target, proof, code);
  return { ...(await running), asked: proof.asked };
}

/** Keeps an account of practices with these counts, and of profiles that nothing is known of them. */
function account({ target }: ApiToCommand, counts: Readonly<Record<string, unknown>>) {
  return async (proof: HeldProof): Promise<null> => {
    const proved = { position: 0, status: "proved", rows: 1_200, counts, changedSince: 0 } as const;
    await recordProved(target, proof, { entity: "practices", ...proved });
    await recordProved(target, proof, {
      entity: "profiles",
      position: 1,
      status: "without_twin",
      rows: 0,
      counts: {},
      changedSince: 0,
    });
    await recordNeeds(target, proof, {
      source: { needed: 5, left: 3, limit: 4, of: "the role" },
      target: { needed: 18, left: null, limit: null, of: "the server" },
    });
    return null;
  };
}

async function differ({ target }: ApiToCommand, rows: number): Promise<void> {
  await target.query(
    `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
     select max(id), 'practices', n, 'phone', 'changed_cell', 2 from migration.proofs, generate_series(1, $1::integer) n group by n`,
    [rows],
  );
}

describe.each([
  ["verify", "verification"],
  ["forecast", "forecast"],
] as const)("nexus %s", (command, kind) => {
  it("ends with 1 where somebody gives it up meanwhile", async (context: TestContext) => {
    const nexus = await apiToCommand(context);
    const work = async ({ id }: HeldProof): Promise<undefined> => {
      await cancelProof(nexus.target, kind, id);
    };
    const { code, stdout } = await beside(nexus, command, work);
    expect([code, stdout]).toEqual([
      1,
      `${kind} 1 failed (cancelled): somebody gave it up, and nothing is known; nexus audit says who did\n`,
    ]);
  });
});

describe("nexus verify", () => {
  it("ends with 0 where nothing differs, and says what is not verified", async (context: TestContext) => {
    const nexus = await apiToCommand(context);
    const { code, stdout, stderr } = await beside(nexus, "verify", account(nexus, {}));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "verification 1: 0 differences",
      "entity     compared  differences  kinds  changed since",
      "practices     1,200            0  -                  0",
      "profiles: not verified: its mapping, or a parent's, is written down only once",
      "",
    ]);
  });

  it("says how many vectors are yet to be made, and ends with 1 on one that differs", async (context: TestContext) => {
    const nexus = await apiToCommand(context);
    const work = (counts: Readonly<Record<string, number>>) => async (proof: HeldProof) => {
      await recordProved(nexus.target, proof, {
        entity: "cases",
        position: 3,
        status: "without_twin",
        rows: 0,
        counts,
        changedSince: 0,
        vectors: { items: 1_200, pending: 30 },
        documents: { items: 1_200, pending: 4 },
      });
      return null;
    };
    const pending = await beside(nexus, "verify", work({}));
    expect(pending.code).toBe(0);
    expect(pending.stdout.split("\n")).toEqual([
      "verification 1: 0 differences; 30 content rows have vectors yet to be made, which is no difference: `nexus status` and `nexus backfill` say more",
      "vectors of  content rows  pending",
      "cases              1,200       30",
      "documents of  content rows  pending",
      "cases                1,200        4",
      "cases: not verified: its mapping, or a parent's, is written down only once",
      "",
    ]);
    const differing = await beside(nexus, "verify", work({ stale_vector: 2 }));
    expect(differing.code).toBe(1);
    expect(differing.stdout).toContain("stale_vector 2");
  });

  it("ends with 1 on any difference, and lists the first, or all", async (context: TestContext) => {
    const nexus = await apiToCommand(context);
    const work = async (proof: HeldProof): Promise<null> => {
      await account(nexus, { changed_cell: 25 })(proof);
      await differ(nexus, 25);
      return null;
    };
    const some = await beside(nexus, "verify practices --range 1:50 --sample 12.5%", work);
    expect(some.asked).toMatchObject({
      entities: ["practices"],
      range: {
        from: 1,
        to: 50,
      },
      sample: 12.5,
    });
    expect(some.code).toBe(1);
    expect(some.stdout).toContain(
      "verification 1: 25 differences (only keys 1 to 50, a sample of 12.5 %)\n",
    );
    expect(some.stdout.match(/practices  \d+/g)).toHaveLength(20);
    expect(some.stdout).toContain("there are more: add --list\n");
    const all = await beside(nexus, "verify --list", work);
    expect(all.stdout.match(/practices  \d+ /g)).toHaveLength(25);
    const json = await beside(nexus, "verify --json", work);
    expect(JSON.parse(json.stdout)).toMatchObject({ differences: 25, status: "done" });
  });

  it("ends with 1 where the verification failed, and with 2 for a range or a sample that is none", async (context: TestContext) => {
    const nexus = await apiToCommand(context);
    const failed = await beside(nexus, "verify", async () => "42501");
    expect(failed).toMatchObject({
      code: 1,
      stdout: "verification 1 failed (42501): the extractor's log says more\n",
    });
    const lent = await beside(nexus, "verify", async () => "session_lent");
    expect(lent.stdout).toMatch(
      /^verification 2 failed \(session_lent\): TARGET_URL of the extractors leads through a pooler/,
    );
    const lost = await beside(nexus, "verify", async () => "session_lost");
    expect(lost.stdout).toMatch(
      /^verification 3 failed \(session_lost\): its session on the target ended five times/,
    );
    for (const wrong of ["--range 5:1", "--range 5", "--sample 0%", "--sample 101", "people"])
      expect((await nexus.run(`verify ${wrong}`)).code, wrong).toBe(2);
  });
});

describe("nexus forecast", () => {
  it("prints what a run would do, with every reason and note", async (context: TestContext) => {
    const nexus = await apiToCommand(context);
    const { code, stdout } = await beside(
      nexus,
      "forecast --only practices,profiles",
      account(nexus, {
        outcomes: { loaded: 1_199, rejected: 1 },
        fates: { inserted: 1_000, updated: 99, unchanged: 100 },
        reasons: { unreadable: 1 },
        notes: { "name_missing:name": 2 },
        strangers: 3,
        bytes: 12_300_000,
      }),
    );
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "forecast 1: what a run would do now; nothing but the ledger was written",
      "entity     source  insert  update  unchanged  rejected  parked  strangers",
      "practices   1,200   1,000      99        100         1       0          3",
      "entity     what      code               rows",
      "practices  rejected  unreadable            1",
      "practices  note      name_missing:name     2",
      "profiles: no forecast: its mapping, or a parent's, is written down only once",
      "to embed are at most 0 items: 0 calls, 0 tokens",
      "connections to the source: one of each service opens up to 5; the limit of the role is 4 and leaves 3, which is TOO FEW",
      "connections to the target: one of each service opens up to 18; nothing limits them",
      "disk of the target: about 13 MB for rows and their indexes, 0 MB for vectors; the write-ahead log and the ledger come on top",
      "",
    ]);
  });
});
