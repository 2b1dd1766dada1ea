/**
 * What PostgreSQL writes into its own log: rows, as parameters of statements, as details of errors, as constants of plans.
 * See docs/decisions/server-log.md.
 */
import type { Queryable } from "./pool.ts";

/**
 * Begins a transaction of the target: nothing that we send is logged, as far as our role may say so. Two settings are everybody's;
 * the others are left as they are where they are not ours to set, and those of extensions where there is no such extension.
 */
export const KEPT_FROM_LOG = `set local log_parameter_max_length_on_error = 0; set local debug_print_plan = off;
  select set_config(name, value, true)
    from (values ('log_error_verbosity', 'terse'), ('log_parameter_max_length', '0'),
                 ('auto_explain.log_min_duration', '-1'), ('pgaudit.log_parameter', 'off')) kept (name, value)
   where current_setting(name, true) is not null and has_parameter_privilege(name, 'set')`;

interface Settings {
  /** Settings that have parameters logged, as `name is value`. */
  readonly statements: string | null;
  /** One of these keeps parameters out again. */
  readonly withheld: boolean;
  readonly plans: string | null;
  readonly audit: string | null;
  readonly details: boolean;
  /** Nothing below FATAL is logged. */
  readonly silent: boolean;
  /** Quoted: as whom the session logged in. */
  readonly role: string;
}

export interface Logged {
  /** Ways in which each row that we write is logged. */
  readonly problems: readonly string[];
  /** Ways in which single rows are logged: those that the target refuses. */
  readonly notes: readonly string[];
}

/** What is logged of us in spite of `KEPT_FROM_LOG`, with what to change. `tx` is a transaction that began with that. */
export async function logged(tx: Queryable): Promise<Logged> {
  const { rows } = await tx.query<Settings>(SETTINGS);
  const [found] = rows;
  if (found === undefined || found.silent) return { problems: [], notes: [] };
  const { statements, withheld, plans, audit, details, role } = found;
  const told = (what: string, because: string, setting: string): string =>
    `the server's log gets ${what} (${because}): have a superuser run "alter role ${role} set ${setting}"`;
  return {
    problems: [
      ...(statements !== null && !withheld
        ? [
            told(
              "the rows that we write, as parameters",
              statements,
              "log_parameter_max_length = 0",
            ),
          ]
        : []),
      ...(plans === null
        ? []
        : [told("values in plans of statements", plans, "auto_explain.log_min_duration = -1")]),
      ...(audit === null
        ? []
        : [told("the rows that we write, as parameters", audit, "pgaudit.log_parameter = off")]),
    ],
    notes: details
      ? [
          told(
            "each row that a constraint refuses",
            "log_error_verbosity is not terse",
            "log_error_verbosity = terse",
          ),
        ]
      : [],
  };
}

const SETTINGS = `
  with loud (name, value) as (
    select name, current_setting(name) from unnest(array['log_statement', 'log_min_duration_statement', 'log_min_duration_sample', 'log_transaction_sample_rate']) name
     where case name when 'log_statement' then current_setting(name) in ('mod', 'all')
                     when 'log_transaction_sample_rate' then current_setting(name)::float8 > 0
                     when 'log_min_duration_sample' then current_setting(name) <> '-1' and current_setting('log_statement_sample_rate')::float8 > 0
                     else current_setting(name) <> '-1' end)
  select (select string_agg(format('%s is %s', name, value), ', ' order by name) from loud) as statements,
         current_setting('log_error_verbosity') = 'terse' or current_setting('log_parameter_max_length') = '0' as withheld,
         case when current_setting('auto_explain.log_min_duration', true) <> '-1' and current_setting('auto_explain.log_min_duration', true) <> ''
              then format('auto_explain.log_min_duration is %s', current_setting('auto_explain.log_min_duration', true)) end as plans,
         case when lower(current_setting('pgaudit.log', true)) not in ('', 'none') and lower(current_setting('pgaudit.log_parameter', true)) in ('on', 'true', 'yes', '1')
              then format('pgaudit.log is %s, pgaudit.log_parameter is on', current_setting('pgaudit.log', true)) end as audit,
         current_setting('log_error_verbosity') <> 'terse' as details,
         current_setting('log_min_messages') in ('fatal', 'panic') as silent,
         quote_ident(session_user) as role`;
