/** Why a backup failed, as a code. What pg_dump and the command write may quote rows: it is read for its meaning, and never kept. */
import { errorCode } from "@nexus/shared/database";

/** What people are told is in packages/contract/src/batch-codes.ts. */
export type BackupCode =
  | "backup_no_pg_dump"
  | "backup_server_newer"
  | "backup_login"
  | "backup_no_right"
  | "backup_rows_hidden"
  | "backup_table_missing"
  | "backup_server_away"
  | "backup_disk_full"
  | "backup_folder"
  | "backup_command"
  | "backup_silent"
  | "backup_failed";

/** A backup that failed, for a reason that has a name. */
export class BackupFailure extends Error {
  override readonly name = "BackupFailure";
  readonly code: BackupCode;
  constructor(code: BackupCode, options?: ErrorOptions) {
    super("a backup failed", options);
    this.code = code;
  }
}

/** Words of pg_dump and of the server, first match; a server that speaks another language gives `backup_failed` for its own. */
const SAYS: readonly (readonly [RegExp, BackupCode])[] = [
  [/server version mismatch/, "backup_server_newer"],
  [/row[- ]level security/, "backup_rows_hidden"],
  [/no matching tables? (was|were) found|relation .* does not exist/, "backup_table_missing"],
  [
    /password authentication failed|no password supplied|no pg_hba\.conf entry|role .* does not exist/,
    "backup_login",
  ],
  [/permission denied/, "backup_no_right"],
  [
    /connection to server|could not connect|server closed the connection|terminating connection|could not translate|remaining connection slots|too many (clients|connections)|lost synchronization|SSL/,
    "backup_server_away",
  ],
  [/No space left on device|disk full/i, "backup_disk_full"],
];

/** What pg_dump meant when it ended with an error. */
export function meaningOf(stderr: string): BackupCode {
  return SAYS.find(([pattern]) => pattern.test(stderr))?.[1] ?? "backup_failed";
}

const OF_A_DISK: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const OF_A_FOLDER: ReadonlySet<string> = new Set([
  "ENOENT",
  "EACCES",
  "EPERM",
  "EROFS",
  "EIO",
  "ENOTDIR",
  "EEXIST",
  "ESTALE",
]);

/** The failure that an error of writing a file is; undefined: it is none of these. */
export function failureOfFile(cause: unknown): BackupFailure | undefined {
  const code = errorCode(cause) ?? "";
  if (OF_A_DISK.has(code)) return new BackupFailure("backup_disk_full", { cause });
  return OF_A_FOLDER.has(code) ? new BackupFailure("backup_folder", { cause }) : undefined;
}
