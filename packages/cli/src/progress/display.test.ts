import { PassThrough } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { openDisplay, type Screen } from "./display.ts";
import { progressLines } from "./lines.ts";
import type { Progress } from "./view.ts";
import { isOver, needsPerson } from "./view.ts";

const counts = {
  read: 50,
  loaded: 47,
  inserted: 47,
  updated: 0,
  rejected: 2,
  parked: 1,
  excluded: 0,
  noted: 3,
};

/** Patients load, cases wait for them. */
function progress(loaded: number, over: Partial<Progress> = {}): Progress {
  const entity = {
    ...counts,
    expected: 100,
    percent: loaded,
    sumClosed: true,
    waived: false,
    batches: { total: 2, done: 1, failed: 0 },
    drift: null,
    startedAt: null,
    settledAt: null,
    errorCode: null,
    parents: [],
  };
  return {
    run: {
      id: 3,
      status: "running",
      embeddings: true,
      dify: false,
      accounts: false,
      createdAt: "2026-11-22T10:00:00Z",
      startedAt: "2026-11-22T10:00:01Z",
      finishedAt: null,
      errorCode: null,
    },
    entities: [
      {
        ...entity,
        entity: "patients",
        status: "loading",
        why: "1 of 2 batches are done",
        waitingFor: [],
      },
      {
        ...entity,
        entity: "cases",
        status: "planned",
        why: "it waits for patients",
        waitingFor: ["patients"],
      },
    ],
    totals: { ...counts, expected: 12_345, percent: loaded, sumClosed: true },
    rowsPerSecond: 1_234.5,
    eta: { seconds: 130, earliest: 100, latest: 4_000 },
    limitedBy: {
      by: "target",
      says: "70 % of the loaders' time goes into the target",
      entities: [],
    },
    embedding: { open: 0, itemsPerSecond: 0, eta: null, limitedBy: null },
    ...over,
  };
}

describe("progress as lines", () => {
  it("says counts, rate, the interval, what limits it, who waits, and how many exceptions there are", () => {
    expect(progressLines(progress(50))).toEqual([
      "run 3 is running, begun 2026-11-22 10:00:01 UTC",
      "entity              status         done  expected      read    loaded  rejected    parked  excluded     noted",
      "patients            loading        50 %       100        50        47         2         1         0         3",
      "cases               planned        50 %       100        50        47         2         1         0         3",
      "total               sum closes     50 %    12,345        50        47         2         1         0         3",
      "1,235 rows/s; 1 min 40 s to 1 h 6 min left, most likely 2 min 10 s",
      "limited by target: 70 % of the loaders' time goes into the target",
      "cases: it waits for patients",
      "2 rejected and 1 parked, each with a reason: nexus exceptions",
    ]);
  });

  it("says apart what was lost for reasons that nobody foresaw", () => {
    const totals = { ...progress(50).totals, rejected: 12, unforeseen: 11 };
    expect(progressLines(progress(50, { totals })).slice(-2)).toEqual([
      "12 rejected and 1 parked, each with a reason: nexus exceptions",
      "of the rejected rows 11 for reasons that nobody foresaw, 1 as foreseen",
    ]);
  });

  it("says of embeddings how long they take, and why", () => {
    const limitedBy = { by: "quota" as const, says: "the quota is used up", entities: [] };
    const embedding = { open: 5_000, itemsPerSecond: 1, eta: null, limitedBy };
    expect(progressLines(progress(50, { run: null, entities: [], embedding }))).toEqual([
      "No run was started yet: nexus start",
      "embeddings: 5,000 items to do, 1 a second; how long it takes cannot be told yet",
      "embeddings limited by quota: the quota is used up",
    ]);
  });
});

describe("progress while somebody waits", () => {
  let out: Screen;
  let written: string;
  const screen = (more: object): Screen => {
    written = "";
    const stream = new PassThrough({ encoding: "utf8" });
    stream.on("data", (text: string) => (written += text));
    return Object.assign(stream, more);
  };
  beforeEach(() => {
    out = screen({});
  });

  it("is a line per change of a status where there is no terminal", () => {
    const display = openDisplay(out);
    for (const percent of [10, 20, 30]) display.show(progress(percent));
    const [patients] = progress(40).entities;
    if (patients === undefined) throw new Error("no entity");
    display.show(progress(100, { entities: [{ ...patients, status: "complete" }] }));
    expect(written.split("\n").map((line) => line.slice(0, 28))).toEqual([
      "Rows: every row read ends as",
      "entity              status  ",
      "patients            loading ",
      "patients            complete",
      "",
    ]);
  });

  it("repeats the heading before it has scrolled away", () => {
    const display = openDisplay(out);
    const [patients] = progress(40).entities;
    if (patients === undefined) throw new Error("no entity");
    for (let turn = 0; turn < 21; turn++) {
      const status = turn % 2 === 0 ? "loading" : "complete";
      display.show(progress(turn, { entities: [{ ...patients, status }] }));
    }
    const headings = written
      .split("\n")
      .flatMap((line, at) => (line.startsWith("entity ") ? [at] : []));
    expect(headings).toEqual([1, 23]);
  });

  it("is redrawn in place on a terminal, no line wider than it", () => {
    out = screen({ isTTY: true, columns: 60 });
    const display = openDisplay(out);
    display.show(progress(10));
    expect(Math.max(...written.split("\n").map((line) => line.length))).toBeLessThan(61);
    const lines = progressLines(progress(10)).length;
    display.show(progress(20));
    expect(written).toContain(`\u001b[${lines}A\u001b[0J`);
  });
});

describe("whether anything will change without a person", () => {
  const blocked = (status: "blocked" | "loading", waived: boolean): Progress => {
    const [patients, cases] = progress(50).entities;
    if (patients === undefined || cases === undefined) throw new Error("no entities");
    return progress(50, { entities: [{ ...patients, status, waived }, cases] });
  };

  it("is over when what is left is blocked, and a person is needed unless that was waived", () => {
    expect([isOver(blocked("loading", false)), isOver(blocked("blocked", false))]).toEqual([
      false,
      true,
    ]);
    expect(isOver(blocked("blocked", true)), "its children are about to open").toBe(false);
    expect([needsPerson(blocked("blocked", false)), needsPerson(blocked("blocked", true))]).toEqual(
      [true, false],
    );
  });
});
