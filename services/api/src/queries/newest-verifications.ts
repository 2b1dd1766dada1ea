/** Of each entity, what the newest verification says that has looked at it. */
import type { Evidence, NewestVerification } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import type { Columns, proofEntities, proofs } from "@nexus/shared/tables";
import { z } from "zod";
import { accountsSeen, contentSeen } from "./find-proof.ts";

type Verified = NewestVerification &
  Pick<NonNullable<Evidence["verifications"][number]["newest"]>, "versions">;

const json = {
  counts: z.record(z.string(), z.int()),
  asked: z.object({
    range: z.object({ from: z.int(), to: z.int() }).nullable(),
    sample: z.number().nullable(),
  }),
  versions: z.object({
    source: z.string(),
    target: z.string(),
    release: z.object({
      version: z.string(),
      // A verification by an older release has not said it.
      commit: z.string().default("unknown"),
      mapping: z.string(),
      ledger: z.string(),
      node: z.string(),
    }),
  }),
};

type Row = Columns<
  typeof proofEntities,
  { entity: "entity"; status: "status"; rows: "rows"; changedSince: "changed_since" }
> &
  Columns<typeof proofs, { id: "id"; createdAt: "created_at"; startedAt: "started_at" }> & {
    readonly finishedAt: string;
    readonly isCurrent: boolean;
    readonly counts: string;
    readonly vectors: string | null;
    readonly documents: string | null;
    readonly accounts: string | null;
    readonly asked: string;
    readonly versions: string | null;
  };

/**
 * By entity. Verifications that failed, or are not done yet, say nothing. Current is one that was asked for when every run, adoption and rollback so far was
 * over: what has not begun yet has written nothing.
 */
export async function newestVerifications(db: Queryable): Promise<ReadonlyMap<string, Verified>> {
  const found = await db.query<Row>(
    `select distinct on (e.entity) e.entity, e.status, e.rows, e.changed_since as "changedSince", e.counts::text, e.vectors::text, e.documents::text, e.accounts::text, p.id, p.asked::text,
       to_json(p.created_at) #>> '{}' as "createdAt", to_json(p.started_at) #>> '{}' as "startedAt",
       to_json(p.finished_at) #>> '{}' as "finishedAt", p.versions::text,
       not exists (select from migration.runs r where r.started_at is not null and coalesce(r.finished_at, 'infinity') > p.created_at)
         and not exists (select from migration.adoptions a
           where a.kind <> 'plan' and coalesce(a.finished_at, 'infinity') > p.created_at)
         and not exists (select from migration.rollbacks b
           where b.kind <> 'plan' and coalesce(b.finished_at, 'infinity') > p.created_at) as "isCurrent"
     from migration.proof_entities e join migration.proofs p on p.id = e.proof_id
     where p.kind = 'verification' and p.status = 'done' order by e.entity, p.id desc`,
  );
  return new Map(found.rows.map(({ entity, ...row }) => [entity, verified(row)]));
}

function verified({
  counts,
  vectors,
  documents,
  accounts,
  asked,
  versions,
  ...row
}: Omit<Row, "entity">): Verified {
  const kinds = json.counts.parse(JSON.parse(counts));
  const differences = Object.values(kinds).reduce((sum, rows) => sum + rows, 0);
  const { range, sample } = json.asked.parse(JSON.parse(asked));
  const made = versions === null ? null : json.versions.parse(JSON.parse(versions));
  return {
    ...row,
    kinds,
    differences,
    vectors: contentSeen(vectors),
    documents: contentSeen(documents),
    accounts: accountsSeen(accounts),
    range,
    sample,
    versions: made,
  };
}
