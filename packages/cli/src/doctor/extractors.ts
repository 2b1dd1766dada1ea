import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { type Finding, unchecked, wrong } from "./finding.ts";
import { sessionsOf } from "./sessions.ts";

const STATEMENT_MS = 10_000;

/** What only an extractor does, in words. */
interface Waiting {
  readonly says: string;
  /** Since it was asked for. */
  readonly seconds: number;
}

/** As young as this, it may be that an extractor has not asked yet. */
const YOUNG_SECONDS = 2;

/** Whether somebody is there for what waits for an extractor: a run that moves, or what operators ask of extractors. */
export async function examineExtractors(target: Pool): Promise<Finding[]> {
  return await readOnly(target, examine, { statementMs: STATEMENT_MS });
}

async function examine(tx: Queryable): Promise<Finding[]> {
  const waiting = await whatWaits(tx);
  if (waiting.length === 0) return [];
  const { extractors, telling } = await sessionsOf(tx);
  if (!telling)
    return [
      unchecked("run", "whether an extractor runs: sessions of the target do not tell their names"),
    ];
  const [first] = waiting.filter(({ seconds }) => seconds >= YOUNG_SECONDS);
  if (extractors > 0 || first === undefined) return [];
  const says = `${first.says}, and no extractor is connected to the target: nobody plans, offers, settles, or does what is asked of one`;
  return [wrong("run", "no_extractor", says, "start an extractor: npm run start:extractor")];
}

/** The run first: the others wait for it. */
async function whatWaits(tx: Queryable): Promise<Waiting[]> {
  const { rows } = await tx.query<Waiting>(
    `with waiting (position, says, since) as (
       select 1, format('run %s is %s', id, status), created_at from migration.runs where status in ('planned', 'running')
       union all select 2, format('cut-over %s was asked for', id), created_at from migration.cutovers where status = 'open'
       union all select 3, format('rollback %s was asked for', id), created_at from migration.rollbacks where status = 'open'
       union all select 4, format('adoption %s was asked for', id), created_at from migration.adoptions where status = 'open'
       union all select 5, format('%s %s was asked for', kind, id), created_at from migration.proofs where status = 'open')
     select says, extract(epoch from now() - since)::integer as seconds from waiting order by position, since`,
  );
  return rows;
}
