/** `VERIFY=after_settle`: a run is verified without being asked, once its last entity has settled. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  createProof,
  lockStarts,
  openAdoption,
  openProof,
  openRollback,
  recordAudit,
  runToVerify,
} from "@nexus/shared/ledger";

const BY = { actor: "extractor", reason: "VERIFY=after_settle" };

/** Asks for the verification that the newest run is to have and has not. While another proof, an adoption or a rollback is under way, it is left for later. */
export async function askAfterSettle(target: Pool): Promise<void> {
  if ((await runToVerify(target)) === undefined) return;
  await inTransaction(target, async (tx) => {
    await lockStarts(tx);
    const run = await runToVerify(tx);
    if (run === undefined || (await openProof(tx)) !== undefined) return;
    if ((await openAdoption(tx)) !== undefined || (await openRollback(tx)) !== undefined) return;
    const asked = { entities: run.entities, range: null, sample: null, codes: null };
    const proof = await createProof(tx, "verification", asked, BY, run.id);
    await recordAudit(tx, BY, {
      action: "verify",
      runId: run.id,
      details: { proof, entities: run.entities },
    });
  });
}
