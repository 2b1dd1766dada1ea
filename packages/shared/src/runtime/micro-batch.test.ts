import { describe, expect, it } from "vitest";
import { microBatch } from "./micro-batch.ts";

describe("questions in groups", () => {
  it("go alone when nothing is under way, and together when something is", async () => {
    const groups: number[][] = [];
    const double = microBatch<number, number>(3, async (questions) => {
      groups.push([...questions]);
      await Promise.resolve();
      return questions.map((question) => 2 * question);
    });
    expect(await Promise.all([1, 2, 3, 4].map(double))).toEqual([2, 4, 6, 8]);
    expect(await double(5)).toBe(10);
    expect(groups).toEqual([[1], [2, 3, 4], [5]]);
  });

  it("are no more in a group than may be", async () => {
    const sizes: number[] = [];
    const ask = microBatch<number, number>(3, async (questions) => {
      sizes.push(questions.length);
      return await Promise.resolve(questions);
    });
    await Promise.all([1, 2, 3, 4, 5, 6].map(ask));
    expect(sizes).toEqual([1, 3, 2]);
  });

  it("fail together, and do not harm the next group", async () => {
    let fails = true;
    const ask = microBatch<number, number>(3, async (questions) => {
      await Promise.resolve();
      if (fails) throw new Error("away");
      return questions;
    });
    const settled = await Promise.allSettled([1, 2].map(ask));
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    fails = false;
    expect(await ask(3)).toBe(3);
  });

  it("are errors when they get no answer", async () => {
    const ask = microBatch<number, number>(3, async () => await Promise.resolve([]));
    await expect(ask(1)).rejects.toThrow("was not answered");
  });
});
