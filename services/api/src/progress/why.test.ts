import type { EntityProgress } from "@nexus/shared/ledger";
import { entityArrows, statusesOf } from "@nexus/shared/states";
import { describe, expect, it } from "vitest";
import { why } from "./why.ts";

const run = {
  id: 1,
  status: "running",
  embeddings: true,
  dify: false,
  accounts: false,
  createdAt: "",
  startedAt: null,
  finishedAt: null,
  errorCode: null,
  backup: false,
  mode: "full",
} as const;

const entity: EntityProgress = {
  entity: "patients",
  status: "loading",
  waived: false,
  expected: 90,
  batches: 9,
  batchesDone: 2,
  batchesFailed: 1,
  read: 20,
  loaded: 20,
  inserted: 20,
  updated: 0,
  rejected: 0,
  parked: 0,
  excluded: 0,
  unforeseen: 0,
  gone: 0,
  gonePolicy: "report",
  goneArchived: 0,
  goneDeleted: 0,
  goneLeft: {},
  strangers: 0,
  adopted: 0,
  unchanged: 0,
  rangesCompared: 0,
  rangesEqual: 0,
  readWhole: null,
  lossReason: null,
  lossColumn: null,
  noted: 0,
  percent: 22.2,
  loadMs: 10,
  startedAt: null,
  settledAt: null,
  errorCode: null,
};

describe("why an entity does not move", () => {
  it("is answered for each status, in words of its own", () => {
    const answers = statusesOf(entityArrows).map((status) => why(run, { ...entity, status }, []));
    expect(new Set(answers).size).toBe(answers.length);
    for (const answer of answers) expect(answer).toMatch(/^[a-z0-9].{20,}/);
  });

  it("names the pause, the parents, and what failed", () => {
    expect(why({ ...run, status: "paused" }, entity, [])).toMatch(
      /^the run is paused; 2 of 9 batches are done, 1 failed/,
    );
    expect(why(run, { ...entity, status: "planned" }, ["practices", "profiles"])).toBe(
      "it waits for practices, profiles",
    );
    const blocked = {
      ...entity,
      status: "blocked",
      batchesFailed: 0,
      errorCode: "sum_closes",
    } as const;
    expect(why(run, blocked, [])).toContain("sum_closes");
    expect(why(run, { ...blocked, waived: true }, [])).toContain("waived");
    const lossy = { ...blocked, errorCode: "unforeseen_losses", unforeseen: 12 };
    expect(why(run, { ...lossy, lossReason: "unreadable", lossColumn: "size" }, [])).toMatch(
      /^it stopped: 12 rows were lost .*, most of them unreadable in size; .*nexus limit patients --loss-percent/,
    );
    const unsaved = { ...blocked, errorCode: "backup_command" };
    expect(why({ ...run, backup: true }, unsaved, [], "failed")).toMatch(
      /^nothing of it is written: its backup failed 5 times, at last with backup_command \(.*BACKUP_COMMAND failed.*nexus waive patients --without-backup/,
    );
  });
});
