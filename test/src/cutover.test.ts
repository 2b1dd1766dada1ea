/** The cut-over: a checklist that extractors walk; what is not met stops it with a reason; at its end runs are refused. */
import { nexusHere } from "@nexus/cli/nexus-here";
import { type Client, openClient } from "@nexus/contract";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { ended, untilStep } from "./cut-over.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { contents } from "./rolled-back.ts";

const ACCEPTED = "--accept-exceptions known-dirt-of-the-sample";

describe.each(stacks([embedded]))("a cut-over, on $name", (stack) => {
  let journey: Journey;
  let api: Client;
  let here: Readonly<Record<string, string>>;

  beforeAll(async () => {
    journey = await openJourney(stack, { sample: { scale: 0.02 } });
  });
  afterAll(() => journey?.close());
  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack, { EMBEDDINGS: "off" });
    api = openClient({ url });
    here = { NEXUS_API_URL: url };
  });

  const nexus = (line: string) => nexusHere(line.split(" "), here);
  const runs = async (): Promise<unknown> =>
    (await journey.target.query("select id, status from migration.runs order by id")).rows;

  it("is rehearsed: everything is looked at, nothing is changed, and the freeze is foretold", async () => {
    const early = await nexus("cutover --plan --quiet 1");
    expect(early.stdout).toContain("unknown: no run of everything is completed yet");
    expect(early.stdout).toMatch(/the source would be frozen for more than 2 s/);

    await journey.completed(await journey.begin());
    const before = [await contents(journey.target), await runs()];
    const plan = await nexus("cutover --plan --quiet 1");
    expect(plan.code).toBe(1);
    expect(plan.stdout).toMatch(/delta +to do +/);
    expect(plan.stdout).toMatch(
      /verification +to do .*a rehearsal looks for no rows that are gone from the source, and the verification stops at them: nexus verify/,
    );
    expect(plan.stdout).toMatch(
      /^hand over +1 s +if others are busy on its server; at once else$/m,
    );
    expect(plan.stdout).toMatch(/exceptions +NOT MET/);
    expect(plan.stdout).toMatch(/backup +NOT MET/);
    expect(plan.stdout).toMatch(/estimated from run 1, which read every row/);
    expect(plan.stdout).toContain("unknown: no verification of everything yet");
    expect([await contents(journey.target), await runs()]).toEqual(before);
    process.stdout.write(`rehearsal on ${stack.name}:\n${plan.stdout}`);
  });

  it("moves the last changes, proves, and hands over; its freeze is told", async () => {
    await journey.legacy.query("update auth_user set first_name = 'Late ' || id where id % 5 = 0");
    const go = await nexus(`cutover --go --quiet 1 --without-backup ${ACCEPTED}`);
    process.stdout.write(`cut-over on ${stack.name}:\n${go.stdout}${go.stderr}`);
    expect(go.code).toBe(0);
    expect(go.stdout).toMatch(/the target is handed over; the freeze lasted \d+ s/);
    const { steps, ...view } = await api.call("GET /v1/cutover", { query: {} });
    expect(view).toMatchObject({ kind: "go", status: "done", errorCode: null });
    expect(steps.map(({ status }) => status)).toEqual(steps.map(() => "met"));
    const [first = 0, last] = changedIn(steps);
    expect([first > 0, last]).toEqual([true, 0]);
    const audit = await journey.target.query<{ action: string }>(
      "select action from migration.audit_log where action in ('cutover', 'cut_over', 'start', 'verify') order by id",
    );
    expect(audit.rows.map(({ action }) => action)).toEqual([
      "cutover",
      "start",
      "start",
      "verify",
      "cut_over",
    ]);
  });

  it("has runs, repairs, adoptions and rollbacks refused afterwards, until somebody says a word", async () => {
    const refused = { status: 409, code: "cut_over" };
    await expect(api.call("POST /v1/runs", { body: {} })).rejects.toMatchObject(refused);
    const params = { entity: "practices" };
    const requeue = { params, body: { scope: "all", reason: "to see" } } as const;
    await expect(api.call("POST /v1/entities/:entity/requeue", requeue)).rejects.toMatchObject(
      refused,
    );
    await expect(api.call("POST /v1/adoptions", { body: {} })).rejects.toMatchObject(refused);
    const back = { params: { id: "1" }, body: {} };
    await expect(api.call("POST /v1/runs/:id/rollback", back)).rejects.toMatchObject(refused);
    const again = await nexus("cutover --go --quiet 1");
    expect([again.code === 0, again.stderr]).toEqual([false, expect.stringContaining("cut-over")]);
    const start = await nexus("start");
    expect(start.stderr).toMatch(/people write in it, and this may overwrite .* --after-cutover/);

    const word = await nexus("start --after-cutover --wait");
    expect(word.code, word.stderr).toBe(0);
    const withdrawn = await nexus("cutover --withdraw --reason people-went-back");
    expect(withdrawn.stdout).toMatch(/cut-over \d+ is withdrawn/);
    const { runId } = await api.call("POST /v1/runs", { body: {} });
    await journey.completed(runId);
  });

  it("goes on where extractors were killed: no delta and no verification is made twice", async () => {
    const { target } = journey;
    const newest = async (table: string): Promise<number> =>
      (await target.query<{ n: number }>(`select count(*) as n from migration.${table}`)).rows[0]
        ?.n ?? 0;
    const before = [await newest("runs"), await newest("proofs")];
    await api.call("POST /v1/cutover", {
      body: { kind: "go", quietSeconds: 1, withoutBackup: true },
    });
    for (const step of ["source", "delta", "verification"]) {
      await untilStep(api, step, "open");
      await journey.services.findLast(({ name }) => name === "extractor")?.kill("SIGKILL");
      await journey.start("extractor");
    }
    const { status, steps } = await ended(api);
    expect([status, steps.map((step) => step.status)]).toEqual(["done", steps.map(() => "met")]);
    expect(changedIn(steps)).toEqual([0]);
    const [runsBefore = 0, proofsBefore = 0] = before;
    expect([await newest("runs"), await newest("proofs")]).toEqual([
      runsBefore + 1,
      proofsBefore + 1,
    ]);
  });
});

/** How many rows each of its deltas has changed. */
function changedIn(
  steps: readonly { readonly step: string; readonly facts: Readonly<Record<string, unknown>> }[],
): readonly number[] {
  const { changed } = steps.find(({ step }) => step === "delta")?.facts ?? {};
  return Array.isArray(changed) ? changed.map(Number) : [];
}
