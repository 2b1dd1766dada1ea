import { createHash } from "node:crypto";
import { canonical, contract, type Evidence } from "@nexus/contract";
import { inSnapshot, inTransaction } from "@nexus/shared/database";
import { type By, readRelease, recordAudit } from "@nexus/shared/ledger";
import { by } from "../access/caller.ts";
import { Problem } from "../answers/problem.ts";
import { type Deps, namesOf } from "../deps.ts";
import { buildEvidence } from "../evidence/build-evidence.ts";
import { pageOf } from "../evidence/page.ts";
import { findNewestRun, findRunFacts } from "../queries/find-run.ts";
import { clockOf } from "../report/build-report.ts";
import { toHtml } from "../report/html.ts";
import type { App } from "../server.ts";

/** An invariant reads a table or two as a whole. */
const BOUNDS = { statementMs: 240_000 };

/** What is digested is what is answered, member by member. */
const exactly = contract["POST /v1/evidence"].response[200].shape.evidence;

/** `/v1/evidence`: read from one state, put on record with its digests, then answered. */
export function evidenceRoute(app: App, deps: Deps): void {
  const { target, catalog } = deps;
  const names = namesOf(deps);

  app.post("/v1/evidence", { schema: contract["POST /v1/evidence"] }, async (request) => {
    const { run: id, list = false, reason = null } = request.body ?? {};
    const sources = { catalog, names, release: readRelease() };
    const { evidence, madeAt } = await inSnapshot(
      target,
      async (tx) => {
        const run = id === undefined ? await findNewestRun(tx) : await findRunFacts(tx, id);
        if (run === undefined)
          throw new Problem(404, "not_found", `there is no run${id === undefined ? "" : ` ${id}`}`);
        return {
          evidence: exactly.parse(await buildEvidence(tx, sources, run, list ? "keys" : "counts")),
          madeAt: await clockOf(tx),
        };
      },
      BOUNDS,
    );
    const sha256 = digestOf(canonical(evidence));
    const who = by(request, reason);
    const html = toHtml(pageOf(evidence, { madeAt, madeBy: who.actor, sha256 }));
    const digests = { sha256, htmlSha256: digestOf(html) };
    await inTransaction(target, (tx) => recordEvidence(tx, who, evidence, digests));
    return { madeAt, evidence, html, ...digests };
  });
}

/** What an auditor compares a file with. */
async function recordEvidence(
  tx: Parameters<typeof recordAudit>[0],
  who: By,
  { run, signedOff, refusals }: Evidence,
  digests: Readonly<Record<string, string>>,
): Promise<void> {
  const details = { signedOff, refusals: refusals.map(({ code }) => code), ...digests };
  await recordAudit(tx, who, { action: "evidence", runId: run.id, details });
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
