/** The tables of the target that the load of an entity touches. Vectors are not among them: they are made of the rows, and follow them. */
import type { Entity } from "@nexus/catalog";

/** Its own first. A case that moves takes its projects and states along: their tables are of its backup, too. */
export function tablesOf({ target }: Entity, all: readonly Entity[]): string[] {
  const followers = target.table === "cases" ? all.filter(followsCase) : [];
  return [target.table, ...followers.map((one) => one.target.table)];
}

function followsCase({ followsCase: follows }: Entity): boolean {
  return follows === true;
}
