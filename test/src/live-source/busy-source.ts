/** Those who work in the source: updates of rows of every table that a twin reads, new rows, and now and then a task that is deleted. */
import type { Shape } from "@nexus/local/sample";
import type { Pool } from "@nexus/shared/database";
import { dice } from "@nexus/shared/testing";
import { changesOf } from "./changes.ts";
import { ISLAND, TASKS } from "./island.ts";

export interface BusySource {
  /** Does the next of the things that people do, to rows by lot. */
  write(): Promise<void>;
  /** Deletes one of the tasks that nothing else is made of. */
  deleteTask(): Promise<void>;
  readonly deleted: readonly number[];
  /** How many rows each kind of change has written so far. */
  readonly done: ReadonlyMap<string, number>;
}

export function busySource(legacy: Pool, shape: Shape, seed: number): BusySource {
  const { upTo } = dice(seed);
  const changes = changesOf(shape);
  const done = new Map(changes.map((change) => [change, 0]));
  const deleted: number[] = [];
  let turn = 0;
  const draw = (): string => String(upTo(1_000_000));
  return {
    write: async () => {
      const change = changes[turn % changes.length] ?? "";
      turn += 1;
      const { rowCount } = await legacy.query(change, [draw()]);
      done.set(change, (done.get(change) ?? 0) + (rowCount ?? 0));
    },
    deleteTask: async () => {
      const key = TASKS[deleted.length];
      await legacy.query("delete from dispatch_template where id = $1", [key]);
      deleted.push(...(key === undefined ? [] : [key]));
    },
    deleted,
    done,
  };
}

/** Writes in a part of a transaction, which stays open until `commit` is called. */
export async function openTransaction(legacy: Pool): Promise<{ commit(): Promise<void> }> {
  const client = await legacy.connect();
  await client.query(
    `begin; savepoint part;
     update auth_user set first_name = 'Slow ' || id where id < ${ISLAND} and id % 20 = 0;
     update dispatch_project set name = 'Slow ' || id where id < ${ISLAND} and id % 20 = 0;
     release part`,
  );
  return {
    commit: async () => {
      await client.query("commit");
      client.release();
    },
  };
}
