/** A first run with a forecast before it and a verification after it, by the same services: what the second bookkeeping takes beside the first. */
import type { Servers } from "@nexus/local/services";
import { type Pool, withPool } from "@nexus/shared/database";
import { createProof, type ProofKind } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { peakMemory, type Taken, wholeRuns } from "./whole-run.ts";
import { startServices } from "./world.ts";

export interface Proved {
  /** From the asking to the end, by the ledger's clock. */
  readonly forecastSeconds: number;
  readonly load: Taken;
  readonly verifySeconds: number;
  /** That the verification found: none, or the bench measures something broken. */
  readonly differences: number;
  /** Peak resident memory of an extractor that does nothing but forecast, and of one that does nothing but verify; bytes. */
  readonly memory: { readonly forecast: number; readonly verification: number };
}

/** With two loaders. Each proof has a fresh extractor: its memory is its own. */
export async function provedRun(servers: Servers): Promise<Proved> {
  return await withPool({ url: servers.targetUrl, max: 2, name: "nexus-bench" }, async (target) => {
    const forecast = await proof(servers, target, "forecast");
    const [load] = await wholeRuns(servers, 2, 1);
    if (load === undefined) throw new Error("a run is missing");
    const verification = await proof(servers, target, "verification");
    return {
      forecastSeconds: forecast.seconds,
      load,
      verifySeconds: verification.seconds,
      differences: verification.differences,
      memory: { forecast: forecast.memory, verification: verification.memory },
    };
  });
}

interface Ended {
  readonly status: string;
  readonly seconds: number;
  readonly differences: number;
}

/** Carried out by an extractor alone. */
async function proof(
  servers: Servers,
  target: Pool,
  kind: ProofKind,
): Promise<Ended & { readonly memory: number }> {
  const [extractor] = await startServices(servers, 0);
  if (extractor === undefined) throw new Error("there is no extractor");
  try {
    const asked = { entities: null, range: null, sample: null, codes: "{}" };
    const id = await createProof(target, kind, asked, { actor: "bench", reason: null });
    const ended = await eventually(() => standing(target, id), {
      until: (found) => found?.status !== "open",
      within: 3_600_000,
      every: 50,
    });
    if (ended?.status !== "done") throw new Error(`the ${kind} failed`);
    return { ...ended, memory: peakMemory(extractor.pid) };
  } finally {
    await extractor.kill("SIGTERM");
  }
}

async function standing(target: Pool, id: number): Promise<Ended | undefined> {
  const { rows } = await target.query<Ended>(
    `select status, extract(epoch from finished_at - created_at)::float8 as seconds,
       (select count(*) from migration.proof_differences where proof_id = $1) as differences
     from migration.proofs where id = $1`,
    [id],
  );
  return rows[0];
}
