/** What holds a run up: a server that refuses, and its code. Nothing is wrong with a batch then, and no attempt is spent. */
import { type Server, serverOf } from "../database/attend.ts";
import { connectionBroke, nextStep, OF_ABSENCE } from "../database/failures.ts";
import type { Queryable } from "../database/pool.ts";
import {
  FOREIGN_SERVER_AWAY,
  type Refusal,
  refusalCode,
  refusalInWords,
} from "../database/refusals.ts";

/** A server that refuses what a run needs. */
export interface Hold {
  readonly server: Server;
  /** A SQLSTATE, or the code of a connection's trouble. */
  readonly code: string;
  /** Since it began. */
  readonly seconds: number;
}

/** A hold as people are told of it. It needs nobody: what is held up goes on when the server does. */
export function holdInWords({ server, code, seconds }: Hold): Refusal {
  const { says, next } = refusalInWords(code);
  const [held, goesOn] = holdsAll(code)
    ? ["the run", "the run"]
    : ["a part of the run", "that part"];
  return {
    says: `the ${server} holds ${held} up, for ${seconds} s so far: ${says} (${code})`,
    next: `${next}; no attempt is spent, and ${goesOn} goes on by itself when the ${server} does`,
  };
}

/** Whether every batch is refused. A lock, or a table that is away (or its server), does not refuse every batch: others may use other tables. */
export function holdsAll(code: string): boolean {
  return code !== "55P03" && !OF_ABSENCE.test(code) && !FOREIGN_SERVER_AWAY.test(code);
}

/** Seconds after which a hold that nobody renews is over: longer than the longest pause between two tries. */
const LASTS = 45;

/** Says that a server refuses. Updates a row in place: it works where nothing can be inserted. */
export async function recordHold(db: Queryable, server: Server, code: string): Promise<void> {
  await db.query(
    `update migration.holds set code = $2, seen_at = now(),
       since = case when code = $2 and seen_at > now() - interval '${LASTS} s' then since else now() end
     where server = $1`,
    [server, code],
  );
}

/** Records what an error says of a server, where it says that it refuses. Returns which one. Never rejects: the error is told elsewhere. */
export async function recordRefusal(db: Queryable, error: unknown): Promise<Server | undefined> {
  if (nextStep(error) !== "wait" || connectionBroke(error)) return undefined;
  const server = serverOf(error) ?? "target";
  await recordHold(db, server, refusalCode(error)).catch(() => undefined);
  return server;
}

/** Records that a server no longer refuses anything. */
export async function clearHold(db: Queryable, server: Server): Promise<void> {
  await db.query(
    "update migration.holds set code = null, since = null, seen_at = now() where server = $1 and code is not null",
    [server],
  );
}

/** What holds runs up at the moment. */
export async function currentHolds(db: Queryable): Promise<Hold[]> {
  const found = await db.query<Hold>(
    `select server, code, extract(epoch from now() - since)::integer as seconds from migration.holds
     where code is not null and seen_at > now() - interval '${LASTS} s' order by server`,
  );
  return found.rows;
}
