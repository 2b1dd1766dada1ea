/** `/v1/evidence`: what a run has moved and what proves it, for auditors. Keys and codes of rows, never a value. */
import { z } from "zod";
import { accountsReported } from "./accounts.ts";
import { instant, optionalBody, reason, sourceKey } from "./parts.ts";
import { difference, newestVerification } from "./proof-views.ts";
import { check, progressRow, shortfall, targetSum } from "./report.ts";
import { runFacts } from "./run-view.ts";

const REFUSALS = [
  "run_not_completed",
  "left_out",
  "not_settled",
  "sum_open",
  "check_failed",
  "not_verified",
  "verification_outdated",
  "verification_partial",
  "differences",
  "vectors_pending",
  "documents_pending",
  "accounts_not_verified",
  "accounts_refused",
  "accounts_unwanted",
  "accounts_undecided",
  "accounts_outdated",
  "accounts_due",
  "accounts_open",
  "invariant_broken",
] as const;

const refusal = z.object({ code: z.enum(REFUSALS), says: z.string() });

const sql = z.string().meta({ description: "What repeats it, in the target." });

const release = z.object({
  version: z.string(),
  commit: z.string().meta({
    description:
      "From which it was built; `-dirty` at its end: files were changed since. `unknown`: the build could not tell.",
  }),
  mapping: z
    .string()
    .meta({ description: "SHA-256 of the mapping, both times that it is written down." }),
  ledger: z.string(),
  node: z.string(),
});

const versions = z.object({ source: z.string(), target: z.string(), release }).nullable().meta({
  description: "PostgreSQL of both servers, and the release that did it. Null: it is not known.",
});

const left = z.int().meta({ description: "How many more there are than are listed." });

const counted = progressRow.omit({ progress: true, issues: true }).extend({
  closes: z.boolean().meta({
    description:
      "Whether each row of the source has exactly one outcome, and each row of the target is accounted for.",
  }),
  target: targetSum.omit({ entity: true }).nullable().meta({
    description: "Null: the run has not settled the entity.",
  }),
});

const evidenceView = z.object({
  format: z.literal(1),
  signedOff: z.boolean(),
  refusals: z.array(refusal).meta({ description: "Why it is not signed off: none if it is." }),
  run: runFacts.extend({
    sourceSnapshot: z.string().nullable().meta({
      description: "`txid_current_snapshot` of the source when the run began.",
    }),
  }),
  versions: z.object({
    release,
    target: z.string(),
    source: z.string().nullable().meta({ description: "As the newest verification found it." }),
  }),
  counts: z.array(counted),
  exceptions: z.array(
    shortfall.extend({
      keys: z
        .object({ listed: z.array(sourceKey), left })
        .nullable()
        .meta({
          description: "Keys of the source, where they were asked for and are on record.",
        }),
    }),
  ),
  repairs: z.array(
    z.object({ entity: z.string(), code: z.string(), column: z.string(), rows: z.int() }),
  ),
  verifications: z.array(
    z.object({
      entity: z.string(),
      newest: newestVerification.extend({ versions }).nullable(),
      unverified: z.string().nullable().meta({
        description: "What of the entity was not verified, and why. Null: all of it was.",
      }),
    }),
  ),
  accounts: accountsReported
    .omit({ status: true })
    .extend({
      unmet: z.array(refusal).meta({ description: "What keeps them from being signed off." }),
    })
    .nullable()
    .meta({
      description: "Accounts of Supabase Auth, of all runs. Null if no run has asked for any.",
    }),
  differences: z.object({ listed: z.array(difference.extend({ verification: z.int() })), left }),
  checks: z.array(check.extend({ sql: sql.nullable() })),
  invariants: z.array(
    z.object({
      name: z.string(),
      says: z.string(),
      broken: z.array(
        z.object({ entity: z.string(), count: z.int(), some: z.string().nullable() }),
      ),
      sql,
    }),
  ),
});

export const evidence = {
  "POST /v1/evidence": {
    summary: "Write the evidence of a run for auditors, signed off only where everything is proven",
    body: optionalBody({
      run: z.int().min(1).max(999_999_999).optional().meta({
        description: "The number of a run. Default: the active run, else the newest.",
      }),
      list: z.boolean().optional().meta({ description: "Whether keys of exceptions are listed." }),
      reason: reason.optional(),
    }),
    response: {
      200: z.object({
        madeAt: instant,
        evidence: evidenceView,
        sha256: z.string().meta({
          description:
            "Of the evidence as JSON with sorted members, two blanks of indentation and a line end last.",
        }),
        html: z
          .string()
          .meta({ description: "The same as one page for printing, which names the digest." }),
        htmlSha256: z.string(),
      }),
    },
    problems: ["not_found"],
  },
} as const;

export type Evidence = z.infer<typeof evidenceView>;
export type EvidenceRefusal = z.infer<typeof refusal>;
