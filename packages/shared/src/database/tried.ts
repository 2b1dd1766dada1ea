/** Statements that are only tried: what the server says of them is what was to be known. PostgreSQL 9.5 syntax. */
import { errorCode } from "./failures.ts";
import type { Queryable } from "./pool.ts";

/** What a server answers to statements that it refuses, in a transaction that goes on; undefined: it takes them. Nothing of them stays. */
export async function refusalOf(tx: Queryable, statements: string): Promise<unknown> {
  await tx.query("savepoint tried");
  try {
    await tx.query(statements);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await tx.query("rollback to savepoint tried");
  }
}

/** The code of what a role may not do. */
export const KEPT_FROM_US = "42501";

/** Whether a refusal is for want of a privilege. Throws whatever else it is. */
export function isOfPrivilege(error: unknown): boolean {
  if (error === undefined) return false;
  if (errorCode(error) !== KEPT_FROM_US) throw error;
  return true;
}
