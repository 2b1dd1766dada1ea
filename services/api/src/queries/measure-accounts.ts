import type { Queryable } from "@nexus/shared/database";
import { ACCOUNT_BUDGET, type ByCode, findAccountStall } from "@nexus/shared/ledger";

/** What is to be scraped of accounts of Supabase Auth. */
export interface AccountFigures {
  readonly due: number;
  readonly done: number;
  readonly unwanted: number;
  readonly removing: number;
  /** By code. */
  readonly refused: ByCode;
  /** By reason, as it was decided last. */
  readonly none: ByCode;
  readonly paused: string | null;
  /** 0: they move, or nothing is ready. */
  readonly stalledSeconds: number;
}

interface Row extends Omit<AccountFigures, "done" | "refused" | "none" | "stalledSeconds"> {
  readonly wantedRemoving: number;
  /** JSON, as text. */
  readonly refused: string;
  readonly decided: string;
}

/** Looks at indexes of what is not done; what was decided is counted once, by whoever decided. */
const FIGURES = `
  select
    (select count(*)::integer from migration.accounts where state = 'due' and reason is null) as due,
    (select count(*)::integer from migration.accounts where reason is not null and (state in ('due', 'done') or state = 'refused')) as unwanted,
    r.removing, r.wanted as "wantedRemoving",
    coalesce((select jsonb_object_agg(code, n) from (
      select code, count(*)::integer as n from migration.accounts where state = 'refused' and reason is null group by 1) c), '{}')::text as refused,
    coalesce((select counts from migration.account_decisions order by run_id desc, before_profiles limit 1), '{}')::text as decided,
    (select pause_reason from migration.rate_budget where model = '${ACCOUNT_BUDGET}') as paused
  from (select count(*)::integer as removing, (count(*) filter (where reason is null))::integer as wanted
        from migration.accounts where state = 'removing') r
  where exists (select from migration.runs where accounts)`;

/** Undefined: no run has asked for any. What is done is what is wanted and nothing else, so that a scrape costs the same at any size. */
export async function measureAccounts(db: Queryable): Promise<AccountFigures | undefined> {
  const [row] = (await db.query<Row>(FIGURES)).rows;
  if (row === undefined) return undefined;
  const { wantedRemoving, decided, refused, ...figures } = row;
  const { account = 0, ...none }: Record<string, number> = JSON.parse(decided);
  const codes: ByCode = JSON.parse(refused);
  const notDone = Object.values(codes).reduce((sum, n) => sum + n, figures.due + wantedRemoving);
  const stall = await findAccountStall(db);
  return {
    ...figures,
    done: Math.max(0, account - notDone),
    refused: codes,
    none,
    stalledSeconds: stall?.seconds ?? 0,
  };
}
