/** A verification by hand of what stands beside rows: documents, accounts. */
import { createProof, type ProofAsked } from "@nexus/shared/ledger";
import { expect } from "vitest";
import type { Deps } from "../deps.ts";
import { booksByHand } from "./by-hand.fixture.ts";
import { prove } from "./prove.ts";

/** What is found of it, as `key column kind`, and what was looked at, as the ledger counts it with an entity; null if nothing was. */
export async function verifiedBeside(
  deps: Deps,
  what: "documents" | "accounts",
  entity: string,
  asked: ProofAsked,
) {
  const { target } = deps;
  const id = await createProof(target, "verification", asked, { actor: "tester", reason: null });
  await prove(deps, booksByHand());
  const { rows } = await target.query<{ said: string }>(
    `select concat_ws(' ', legacy_id, column_name, kind) as said from migration.proof_differences
     where proof_id = $1 and column_name like $2 order by legacy_id, column_name, kind`,
    [id, `${what.slice(0, -1)}%`],
  );
  const counted = await target.query<{ counts: string | null; status: string }>(
    `select ${what}::text as counts, p.status from migration.proof_entities e join migration.proofs p on p.id = e.proof_id
     where p.id = $1 and entity = $2`,
    [id, entity],
  );
  const { counts, status } = counted.rows[0] ?? { counts: null, status: "lost" };
  expect(status).toBe("done");
  return {
    said: rows.map(({ said }) => said),
    counts: counts === null ? null : JSON.parse(counts),
  };
}
