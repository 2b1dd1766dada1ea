/** A verification in this process, so that a test knows when it reads. */
import { entities, inDependencyOrder, parseCodes } from "@nexus/catalog";
import { openTwins, type Twins } from "@nexus/extractor/twins";
import { verify } from "@nexus/extractor/verify";
import { readOnly, readSourceShape } from "@nexus/shared/database";
import { claimProof, createProof, endProof } from "@nexus/shared/ledger";
import { openLog } from "@nexus/shared/telemetry";
import type { Journey } from "../journey.ts";

export interface Verified {
  /** `entity key column kind`, sorted. */
  readonly differences: readonly string[];
  /** Cells and rows that the source has changed since. */
  readonly changedSince: number;
}

/** Verifies all. `before` is called each time before the source is read for rows of an entity. */
export async function verifyOnce(
  { legacy, target }: Journey,
  before: (entity: string) => Promise<void>,
): Promise<Verified> {
  const asked = { entities: null, range: null, sample: null, codes: null };
  await createProof(target, "verification", asked, { actor: "tester", reason: null });
  const proof = await claimProof(target);
  if (proof === undefined) throw new Error("somebody else has the proof");
  const shape = await readSourceShape(legacy);
  const twins = await openTwins({ legacy, target, shape, codes: parseCodes() });
  const watched: Twins = {
    ...twins,
    expecting: async (entity, ...rest) => {
      await before(entity.name);
      return await twins.expecting(entity, ...rest);
    },
  };
  const proving = {
    proof,
    twins: watched,
    ask: <T>(question: Parameters<typeof readOnly<T>>[1]) => readOnly(legacy, question),
    target,
    signal: AbortSignal.timeout(120_000),
    admin: undefined,
    log: openLog("test"),
    keepsKey: ({ source }: (typeof entities)[number]) => source.keepsKey?.(shape) ?? true,
  };
  const steps = inDependencyOrder(entities).map((entity, position) => ({
    entity,
    position,
    isAsked: true,
    isKept: true,
    status: "proved" as const,
  }));
  try {
    await verify(proving, steps);
  } finally {
    await twins.close();
  }
  await endProof(target, proof, null);
  return await foundBy(target, proof.id);
}

async function foundBy(target: Journey["target"], proofId: number): Promise<Verified> {
  const { rows } = await target.query<{ said: string; since: boolean }>(
    `select concat_ws(' ', entity, legacy_id, nullif(column_name, ''), kind) as said, changed_since as since
     from migration.proof_differences where proof_id = $1`,
    [proofId],
  );
  return {
    differences: rows.flatMap(({ said, since }) => (since ? [] : [said])).sort(),
    changedSince: rows.filter(({ since }) => since).length,
  };
}
