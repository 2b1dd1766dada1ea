/** A job that cannot be parsed: its batch fails, or it would be offered again for ever. */
import { failBatch } from "@nexus/shared/ledger";
import { batchNamed, type Handled } from "@nexus/shared/queue";
import type { Deps } from "./deps.ts";

/** Fails the batch, if the job still says which, and says so. What the job holds is not logged: anybody may have written it. */
export async function refuseJob(
  { target, log }: Pick<Deps, "target" | "log">,
  data: unknown,
): Promise<Handled> {
  const named = batchNamed(data);
  if (named !== undefined) await failBatch(target, named.batch, named.generation, "job_malformed");
  log.error({ batch: named?.batch }, "a job cannot be parsed: its batch failed");
  return { kind: "done" };
}
