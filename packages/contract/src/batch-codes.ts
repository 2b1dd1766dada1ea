import type { Exhausted } from "@nexus/shared/ledger";

/** What the code of a failed batch, or of a failed backup, means, in the words of API, report, command line and dashboard: SQLSTATEs by their beginning, then codes of ours. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^42501$/, "a role lacks a privilege; `nexus preflight` names the statement to run"],
  [
    /^42/,
    "a table or column is not what this release expects: nexus preflight, then nexus migrate",
  ],
  [/^57014$/, "a statement took too long: look for locks, or raise LEGACY_STATEMENT_MS"],
  [/^55P03$/, "a lock was not given in time: look for who holds it"],
  [/^(SESSION_SILENT|connection_lost)$/, "its connections break: look at the network"],
  [
    /^25P0[34]$/,
    "the server heard nothing for too long: the source is slow, or TARGET_IDLE_MS is too short",
  ],
  [/^40/, "transactions got in each other's way too often: start fewer loaders"],
  [/^53100$/, "the server's disk is full"],
  [
    /^53400$/,
    "a statement met a limit of the server's configuration (temp_file_limit): raise it for the role, then nexus requeue; or lower BATCH_ROWS for the next run",
  ],
  [/^53/, "the server is short of memory or connections"],
  [/^(08|57P)/, "the server went away"],
  [/^(21|22|23)/, "a row breaks a rule that could not be put down to that row"],
  [
    /^breaks_connection$/,
    "its connection broke each time, while others got through: look into the server's log for what ended its sessions",
  ],
  [/^attempts_exhausted$/, "its loaders ended while they had it: look for kills and for memory"],
  [
    /^job_malformed$/,
    "its job could not be parsed: who else writes to the queue? then nexus requeue",
  ],
  [/^configuration$/, "a service is configured wrongly: its log says which variable"],
  [
    /^backup_no_pg_dump$/,
    "its backup was not taken, and nothing of it is written without: the extractor has no pg_dump",
  ],
  [
    /^backup_server_newer$/,
    "its backup was not taken: the target's PostgreSQL is newer than the extractor's pg_dump; install its client",
  ],
  [/^backup_login$/, "its backup was not taken: the target refuses the user of TARGET_URL"],
  [
    /^backup_no_right$/,
    "its backup was not taken: the role of TARGET_URL may not read a table; `nexus preflight` says more",
  ],
  [
    /^backup_rows_hidden$/,
    "its backup was not taken: row level security hides rows from the role of TARGET_URL, and they would be missing in it; nexus migrate names the policy",
  ],
  [/^backup_table_missing$/, "its backup was not taken: a table is not there; nexus migrate"],
  [
    /^backup_server_away$/,
    "its backup was not taken: the target went away, or has no connection left",
  ],
  [
    /^backup_disk_full$/,
    "its backup was not taken: the disk of BACKUP_TO is full; make room there",
  ],
  [
    /^backup_folder$/,
    "its backup was not taken: the folder of BACKUP_TO is gone, or may not be written to; is it mounted?",
  ],
  [
    /^backup_command$/,
    "its backup was not taken: BACKUP_COMMAND failed; try it by hand, as the account of the extractor",
  ],
  [
    /^backup_silent$/,
    "its backup was not taken: nothing came for BACKUP_SILENCE_MS; look for a lock on its table, or at the place of BACKUP_TO",
  ],
  [/^backup_failed$/, "its backup was not taken: pg_dump failed; try it by hand (`nexus backups`)"],
  [/^defect$/, "a defect of ours: the loader's log says where"],
];

/** A few words; for an unknown code where to look. */
export function batchCodeInWords(code: string): string {
  return MEANINGS.find(([pattern]) => pattern.test(code))?.[1] ?? "the loader's log says more";
}

/** Why a proof failed, in words that say what to do. */
export function proofCodeInWords(code: string | null): string {
  return PROOF_MEANINGS[code ?? ""] ?? "the extractor's log says more";
}

const PROOF_MEANINGS: Readonly<Record<string, string>> = {
  cancelled: "somebody gave it up, and nothing is known; nexus audit says who did",
  session_lent:
    "TARGET_URL of the extractors leads through a pooler in transaction mode, and a proof needs a session: use the direct address or the pooler's session mode",
  session_lost:
    "its session on the target ended five times before it was through: look for what ends sessions (a proxy or a pooler before the target, with a limit to how long one may idle or last; the server's log), or prove fewer entities at once",
};

const MIB = 1 << 20;

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toLocaleString("en", { maximumFractionDigits: 1 })} MiB`;
}

/** A batch without an attempt left, as the ledger has it. */
export type ExhaustedBatch = Omit<Exhausted, "entity">;

/** Which batch it is that ended its loaders, and how large. */
export function exhaustedInWords({
  batch,
  after,
  to,
  expected,
  bytes,
  largestRow,
}: ExhaustedBatch): string {
  const keys = after === null || to === null ? "single keys" : `keys above ${after}, up to ${to}`;
  const size =
    bytes === null || largestRow === null
      ? "its size could not be measured"
      : `${mebibytes(bytes)}, its largest row ${mebibytes(largestRow)}`;
  return `batch ${batch} (${keys}; ${expected.toLocaleString("en")} rows, ${size}) ended its loaders`;
}
