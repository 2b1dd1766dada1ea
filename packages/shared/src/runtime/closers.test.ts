import { describe, expect, it } from "vitest";
import { closers } from "./closers.ts";

describe("closers", () => {
  it("run in reverse, one after the other, once", async () => {
    const open = closers();
    const said: string[] = [];
    for (const name of ["pool", "queue", "worker"])
      open.push(name, async () => {
        said.push(`${name} closes`);
        await Promise.resolve();
        said.push(`${name} is closed`);
      });
    await Promise.all([open.closeAll(), open.closeAll()]);
    await open.closeAll();
    expect(said).toEqual([
      "worker closes",
      "worker is closed",
      "queue closes",
      "queue is closed",
      "pool closes",
      "pool is closed",
    ]);
  });

  it("all run, whatever some of them throw, and every failure is told with its name and cause", async () => {
    const open = closers();
    const closed: string[] = [];
    const cause = new Error("connection refused");
    open.push("first", async () => void closed.push("first"));
    open.push("second", () => Promise.reject(cause));
    open.push("third", () => {
      throw cause;
    });
    open.push("fourth", async () => void closed.push("fourth"));
    const failure: unknown = await open.closeAll().catch((error: unknown) => error);
    expect(closed).toEqual(["fourth", "first"]);
    expect(failure).toBeInstanceOf(AggregateError);
    expect(failure).toMatchObject({
      errors: [
        { message: "closing third failed", cause },
        { message: "closing second failed", cause },
      ],
    });
    await expect(open.closeAll()).rejects.toBe(failure);
  });

  it("also run for what opens while they run", async () => {
    const open = closers();
    const closed: string[] = [];
    open.push("late", async () => {
      open.push("later", async () => void closed.push("later"));
      closed.push("late");
    });
    await open.closeAll();
    expect(closed).toEqual(["late", "later"]);
  });
});
