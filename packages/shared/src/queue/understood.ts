/** Whether a worker knows what a job says: while a release is rolled out, old workers meet jobs of new ones. */
import { z } from "zod";
import type { Log } from "../telemetry/log.ts";
import { JOB_VERSION } from "./job.ts";
import type { Handled, Handler } from "./transport.ts";

/** Milliseconds until a job of a newer release may be taken again: by a worker that knows it, it is hoped. */
const LEFT_MS = 1_000;

/** Jobs that were in the queue before there were versions count as version 1. */
const versioned = z.looseObject({ version: z.int().default(1) });

/** What to do with data that is no job, and what is wrong with it. */
type Refuse = (data: unknown, error: z.ZodError) => Promise<Handled>;

/**
 * A handler that does the jobs it understands, and leaves those of a newer release to its workers: nothing is counted, nothing
 * fails. The first one is warned of. A job that is none is `refused` (default: it is warned of and thrown), which must see to it that the ledger
 * does not offer it for ever.
 */
export function understood<T>(
  schema: z.ZodType<T>,
  log: Pick<Log, "warn">,
  work: (job: T, signal: AbortSignal) => Promise<Handled>,
  refused: Refuse = saidAndThrown(log),
): Handler {
  let warned = false;
  return async (data, signal) => {
    const said = versioned.safeParse(data);
    if (!said.success) return await refused(data, said.error);
    const { version } = said.data;
    if (version <= JOB_VERSION) {
      const job = schema.safeParse(data);
      return job.success ? await work(job.data, signal) : await refused(data, job.error);
    }
    if (!warned)
      log.warn({ version, known: JOB_VERSION }, "jobs of a newer release are left to its workers");
    warned = true;
    return { kind: "later", ms: LEFT_MS };
  };
}

/** The members that are wrong, and nothing that they hold: anybody may have written it. */
function saidAndThrown(log: Pick<Log, "warn">): Refuse {
  return (_, error) => {
    const members = [...new Set(error.issues.map(({ path }) => String(path[0] ?? "all")))];
    log.warn({ members }, "a job cannot be parsed");
    return Promise.reject(error);
  };
}
