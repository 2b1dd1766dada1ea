import type { FaultName } from "@nexus/local/dify";
import { DIFY_BUDGET, openBudget } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import { consume } from "./consume.ts";
import { type DifyUnderTest, difyUnderTest, idle } from "./dify.fixture.ts";

let dify: DifyUnderTest;
let practice: string;

beforeEach(async (context) => {
  dify = await difyUnderTest(context);
  practice = await dify.practice("Mine");
});

const texts = (): string[] => dify.server.documents().map(({ text }) => text);

const cases = (count: number): Promise<string[]> => dify.newCases(count, practice);

describe("a creation", () => {
  it.each<FaultName>([
    "done-but-malformed",
    "done-but-reset",
    "done-but-silent",
    "done-but-gateway-timeout",
    "internal",
    "unavailable",
    "reset",
    "hang",
  ])("that meets '%s' makes one document, and no second", async (fault) => {
    dify.server.change({ faults: { create: [{ fault, calls: 1 }] } });
    await dify.fill(await dify.newCase("Upper arch", practice));
    expect(texts()).toEqual([expect.stringContaining("Upper arch")]);
    expect(dify.server.calls("create")).toBe(fault.startsWith("done") ? 1 : 2);
    expect(dify.server.calls("update")).toBe(0);
  });

  it("that ends after its name was looked up is found by its name once more, and one document stays", async () => {
    dify.server.change({
      lateMs: 800,
      indexingMs: 900,
      faults: { create: [{ fault: "done-late", calls: 1 }] },
    });
    await dify.fill(await dify.newCase("Upper arch", practice));
    expect(dify.server.calls("create")).toBe(2);
    expect(dify.server.calls("delete")).toBeGreaterThan(0);
    expect(texts()).toHaveLength(1);
  });

  it("whose claim has run out is left to whoever has it now", async () => {
    dify.server.change({ latencyMs: 100 });
    const id = await dify.newCase("Upper arch", practice);
    await dify.offer("case", [id]);
    await dify.work(idle, [
      await dify.consumer({ claimMs: 20 }),
      await dify.consumer(),
      await dify.consumer(),
    ]);
    expect(texts()).toHaveLength(1);
  });

  it("of a dataset that had no answer, or whose ledger was lost, finds dataset and documents again", async () => {
    dify.server.change({ faults: { "create-dataset": [{ fault: "done-but-silent", calls: 1 }] } });
    const ids = await cases(3);
    await dify.fill(...ids);
    await dify.target.query(`truncate migration.dify_datasets, migration.dify_documents`);
    await dify.fill(...ids);
    expect(dify.server.datasets()).toHaveLength(1);
    expect(texts()).toHaveLength(3);
    expect(dify.server.calls("create")).toBe(3);
  });
});

describe("a limit", () => {
  it("of the rate, which is a 403, is kept by waiting; nothing is lost, and nothing fails", async () => {
    dify.server.change({ requestsPerMinute: 4, minuteMs: 300 });
    const ids = await cases(10);
    await dify.fill(...ids);
    expect(texts()).toHaveLength(10);
    // Dify counts refused calls, too: who hammers stays locked out.
    expect(dify.server.calls("create")).toBeLessThan(30);
    for (const id of ids) expect(await dify.failure(id)).toEqual({ code: null, attempts: 0 });
  });

  it("of ours is waited for until the next permit, not until the last of those that are wished for", async () => {
    const clockSpeed = 0.25; // No third permit falls due while a slow machine asks for two.
    await dify.fill(...(await cases(1)));
    const consumer = await dify.consumer();
    const limits = {
      requestsPerMinute: 60,
      tokensPerMinute: null,
      usdPer1kTokens: 0,
      capUsd: null,
    };
    const budget = await openBudget(dify.target, { model: DIFY_BUDGET, clockSpeed, ...limits });
    await dify.offer("case", await cases(4));
    const round = { calls: 4, tickMs: 10 };
    const rest = await consume({ ...consumer, budget }, round, new AbortController().signal);
    expect(dify.server.calls("create")).toBe(2);
    expect(rest).toBeGreaterThan(0);
    expect(rest).toBeLessThan(1_000 / clockSpeed);
  });

  it("of the rate is everybody's: one consumer that meets it holds all back", async () => {
    dify.server.change({ faults: { create: [{ fault: "rate-limited", calls: 1 }] } });
    const [first, second] = [
      await dify.consumer({ ratePauseMs: 60_000 }),
      await dify.consumer({ ratePauseMs: 60_000 }),
    ];
    await dify.offer("case", await cases(1));
    await dify.work(() => dify.server.calls("create") === 1, [first]);
    await dify.offer("case", await cases(1));
    const before = dify.server.calls("create");
    let rounds = 0;
    await dify.work(() => ++rounds > 5, [second]);
    expect(dify.server.calls("create")).toBe(before);
  });

  it.each<[FaultName, string]>([
    ["unauthorized", "unauthorized"],
    ["plan-limit", "plan_limit"],
    ["quota-spent", "rate_limit_error"],
    ["not-initialized", "provider_not_initialize"],
    ["moved", "http_301"],
    ["not-found-page", "http_404"],
  ])(
    "that a person must lift, '%s', pauses all with its code, fails nothing, and ends by itself",
    async (fault, code) => {
      dify.server.change({ faults: { create: [{ fault, calls: 1 }] } });
      const ids = await cases(3);
      await dify.offer("case", ids);
      expect(await dify.work(({ status }) => status === "paused")).toMatchObject({
        pausedBecause: code,
      });
      await dify.work(idle);
      expect(texts()).toHaveLength(3);
      for (const id of ids) expect(await dify.failure(id)).toEqual({ code: null, attempts: 0 });
    },
  );

  it("of one dataset, its API access, holds no other dataset up", async () => {
    const first = await dify.newCase("Upper arch", practice);
    dify.server.change({ faults: { create: [{ fault: "api-access-off", calls: 1 }] } });
    await dify.offer("case", [first]);
    await dify.work(() => dify.server.calls("create") === 1);
    await dify.offer("case", [await dify.newCase("Night guard", await dify.practice("Theirs"))]);
    expect(await dify.work(({ items }) => items.done === 1)).toMatchObject({
      items: { open: 1, failed: 0 },
    });
    await dify.fill(first);
    expect(texts()).toHaveLength(2);
  });
});

describe("a content", () => {
  it("that is refused is on record with its code, holds no other, and is tried again when it changes", async () => {
    const [bad, good] = [await dify.newCase("Bad", practice), await dify.newCase("Good", practice)];
    dify.server.change({ faults: { create: [{ fault: "invalid", calls: 1 }] } });
    await dify.fill(bad);
    await dify.fill(good);
    expect(await dify.failure(bad)).toMatchObject({ code: "invalid_param" });
    expect(texts()).toEqual([expect.stringContaining("Good")]);
    await dify.rename(bad, "Better");
    await dify.fill();
    expect(texts()).toHaveLength(2);
    expect(await dify.failure(bad)).toMatchObject({ code: null });
  });

  it("that breaks Dify each time is given up after five attempts, while all others go in", async () => {
    dify.server.change({ breaksOn: "poison" });
    const poison = await dify.newCase("A poison", practice);
    await dify.fill(poison, ...(await cases(5)));
    expect(texts()).toHaveLength(5);
    expect(await dify.failure(poison)).toEqual({ code: "internal_server_error", attempts: 4 });
  });

  it.each<FaultName>(["unavailable", "reset", "hang"])(
    "is condemned by no outage, however long: %s",
    async (fault) => {
      const ids = await cases(2);
      dify.server.change({
        faults: { create: [{ fault }], "create-dataset": [{ fault }], find: [{ fault }] },
      });
      await dify.offer("case", ids);
      await dify.work(({ status }) => status === "paused");
      dify.server.change({ faults: {} });
      await dify.work(idle);
      expect(texts()).toHaveLength(2);
    },
  );

  it("whose document somebody deleted in Dify gets another when it changes", async () => {
    const id = await dify.newCase("Upper arch", practice);
    await dify.fill(id);
    expect(dify.server.removeDocument(`case-${id}`)).toBe(true);
    await dify.rename(id, "Lower arch");
    await dify.fill();
    expect(texts()).toEqual([expect.stringContaining("Lower arch")]);
  });

  it("whose dataset somebody deleted in Dify is made anew, with all that was in it", async () => {
    const [id = "", ...others] = await cases(4);
    await dify.fill(id, ...others);
    expect(dify.server.removeDataset(`mig-${practice}`)).toBe(true);
    await dify.rename(id, "Lower arch");
    await dify.fill();
    expect(texts()).toHaveLength(4);
  });

  it("that was archived in Dify is on record as not updated", async () => {
    const id = await dify.newCase("Upper arch", practice);
    await dify.fill(id);
    dify.server.change({ faults: { update: [{ fault: "archived" }] } });
    await dify.rename(id, "Lower arch");
    await dify.fill();
    expect(await dify.failure(id)).toMatchObject({ code: "archived_document_immutable" });
  });

  it.each<FaultName>(["invalid", "document-indexing", "done-but-silent"])(
    "whose update meets '%s' has its newest text in the end, once",
    async (fault) => {
      const id = await dify.newCase("Upper arch", practice);
      await dify.fill(id);
      dify.server.change({ faults: { update: [{ fault, calls: 1 }] } });
      await dify.rename(id, "Lower arch");
      await dify.fill();
      expect(texts()).toEqual([expect.stringContaining("Lower arch")]);
    },
  );
});
