/** Heartbeats: each process of a service records that it is running, for people who ask why nothing moves. Nothing is decided by them. */
import { randomUUID } from "node:crypto";
import type { Pool, Queryable } from "../database/pool.ts";
import type { Closers } from "../runtime/closers.ts";
import { startTicker } from "../runtime/ticker.ts";
import type { Log } from "../telemetry/log.ts";

/** Services that carry a run. */
export type Carrier = "extractor" | "loader";

/** Milliseconds between two beats, and the seconds after which a process counts as gone. */
const BEAT_MS = 5_000;
export const GONE_SECONDS = 20;

/** What a process says of itself. */
interface Beating {
  readonly service: Carrier;
  /** It dumps tables before a run writes to them. */
  readonly takesBackups?: boolean;
  /** It makes accounts of Supabase Auth, and takes them back. */
  readonly makesAccounts?: boolean;
}

/** Begins to beat, until the process closes. */
export function startHeartbeat(target: Pool, of: Beating, log: Log, closers: Closers): void {
  const process = randomUUID();
  const beating = startTicker({
    runOnce: async () => {
      await beat(target, process, of);
      return BEAT_MS;
    },
    onError: (error) => log.debug({ err: error }, "the ledger does not hear this process"),
    retryMs: BEAT_MS,
  });
  // Not waited for: a target that is away must not hold up the end of the process.
  closers.push("heartbeat", async () => void beating.stop());
}

/** Records that a process is running. Processes that were silent for a day are forgotten. */
async function beat(
  db: Queryable,
  process: string,
  { service, takesBackups = false, makesAccounts = false }: Beating,
): Promise<void> {
  await db.query(
    `with old as (delete from migration.heartbeats where seen_at < now() - interval '1 day')
     insert into migration.heartbeats (process, service, seen_at, takes_backups, makes_accounts) values ($1, $2, now(), $3, $4)
     on conflict (process) do update set seen_at = now()`,
    [process, service, takesBackups, makesAccounts],
  );
}

/** Of one service: processes that are there, and the seconds since any was heard of; null: never. */
export interface Heard {
  readonly alive: number;
  readonly seconds: number | null;
}

/** Who was heard of. */
export async function heardOf(db: Queryable): Promise<Readonly<Record<Carrier, Heard>>> {
  const found = await db.query<Heard & { service: Carrier }>(
    `select service, count(*) filter (where seen_at > now() - ${GONE_SECONDS} * interval '1 s') as alive,
       extract(epoch from now() - max(seen_at))::integer as seconds
     from migration.heartbeats group by service`,
  );
  const of = (service: Carrier): Heard => {
    const { alive = 0, seconds = null } = found.rows.find((row) => row.service === service) ?? {};
    return { alive, seconds };
  };
  return { extractor: of("extractor"), loader: of("loader") };
}

/** Whether there is a loader that makes accounts of Supabase Auth, and takes them back. */
export async function accountsAreMade(db: Queryable): Promise<boolean> {
  const found = await db.query(
    `select from migration.heartbeats
     where makes_accounts and seen_at > now() - ${GONE_SECONDS} * interval '1 s' limit 1`,
  );
  return found.rowCount === 1;
}
