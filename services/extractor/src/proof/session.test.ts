/** A proof keeps what it remembers in a session of the target: what becomes of it where that is not its own, or is lost. */
import { entities, parseCodes } from "@nexus/catalog";
import { nextStep, openPool, type Pool, readSourceShape, urlOf } from "@nexus/shared/database";
import { createProof, openProof } from "@nexus/shared/ledger";
import { eventually, lendingPooler } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { loadByHand } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";
import { openTwins, type TwinDeps, type Twins } from "./twins.ts";

let deps: Deps;
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  await loadByHand(deps.legacy, deps.target);
});

async function twinsOn(target: Pool): Promise<Twins> {
  const shape = await readSourceShape(deps.legacy);
  return await openTwins({ legacy: deps.legacy, target, shape, codes: parseCodes() });
}

/** Goes through a range of each entity without parents. */
async function goThrough(twins: Twins): Promise<number> {
  const first = entities.filter(({ parents }) => Object.keys(parents).length === 0);
  for (const entity of first) await twins.expecting(entity, { from: 1, to: 9 }, async () => {});
  return first.length;
}

it("a proof through a pooler in transaction mode fails with a code that says so", async (context) => {
  const url = await lendingPooler(context, urlOf(deps.target));
  const target = openPool({ url, max: 4, name: "test", onError: () => undefined });
  context.onTestFinished(() => target.end());
  const asked = { entities: null, range: null, sample: null, codes: null };
  await createProof(target, "verification", asked, { actor: "tester", reason: null });
  await prove({ ...deps, target }, { hasTwin: () => true, open: openTwins });
  const { rows } = await deps.target.query("select status, error_code from migration.proofs");
  expect(rows).toEqual([{ status: "failed", error_code: "session_lent" }]);
});

/** Ends the session of the twins, as a proxy does with one that idles. */
async function endSession(): Promise<void> {
  const ours =
    "from pg_stat_activity where application_name = 'nexus-twins' and datname = current_database()";
  await deps.target.query(`select pg_terminate_backend(pid) ${ours}`);
  await eventually(async () => (await deps.target.query(`select ${ours}`)).rowCount === 0);
}

it("a session that was lost is no pooler's: the proof is begun anew", async (context) => {
  const twins = await twinsOn(deps.target);
  context.onTestFinished(() => twins.close());
  expect(await goThrough(twins)).toBeGreaterThan(0);
  await endSession();
  for (const _ of ["at once", "and later"])
    expect(nextStep(await goThrough(twins).catch((error: unknown) => error))).toBe("wait");
});

it("a proof whose session is lost each time ends with a code that says so", async () => {
  const asked = { entities: null, range: null, sample: null, codes: null };
  await createProof(deps.target, "verification", asked, { actor: "tester", reason: null });
  const open = async (given: TwinDeps): Promise<Twins> => {
    const twins = await openTwins(given);
    const expecting: Twins["expecting"] = async (...range) => {
      await endSession();
      return await twins.expecting(...range);
    };
    return { ...twins, expecting };
  };
  let times = 0;
  for (; times < 9 && (await openProof(deps.target)) !== undefined; times++)
    await prove(deps, { hasTwin: () => true, open }).catch(() => undefined);
  const { rows } = await deps.target.query("select status, error_code from migration.proofs");
  expect(rows).toEqual([{ status: "failed", error_code: "session_lost" }]);
  expect(times).toBe(5);
});

it("a session that waits for other work is kept in use: nobody takes it for one that idles", async (context) => {
  const shape = await readSourceShape(deps.legacy);
  const { legacy, target } = deps;
  const twins = await openTwins({ legacy, target, shape, codes: parseCodes(), awakeMs: 20 });
  context.onTestFinished(() => twins.close());
  const used = async () => {
    const { rows } = await target.query<{ at: string; pid: number }>(
      "select query_start as at, pid from pg_stat_activity where application_name = 'nexus-twins' and datname = current_database()",
    );
    return rows;
  };
  const [first] = await used();
  await eventually(async () => (await used())[0]?.at !== first?.at);
  expect(await used()).toMatchObject([{ pid: first?.pid }]);
  expect(await goThrough(twins)).toBeGreaterThan(0);
});
