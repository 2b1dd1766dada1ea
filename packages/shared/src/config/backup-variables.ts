/** The variables of backups: what is dumped before a run first writes to an entity's tables, and where to. */
import type { Config } from "./parse.ts";
import { choice, number, optionalText } from "./variables.ts";

/** What the extractor is told of backups. */
export const backupVariables = {
  BACKUP: choice(["off", "pg_dump"], {
    meaning:
      "pg_dump: each entity's tables are dumped before a run that begins with it first writes to them; without its backup an entity is not written",
    fallback: "off",
    danger: "with off, what a run overwrites is gone unless somebody has dumped the target before",
  }),
  BACKUP_TO: optionalText({
    meaning:
      "where dumps go: a folder of the extractor's machine (a volume that all extractors share), or with BACKUP_COMMAND whatever that understands, like s3://bucket/folder",
    danger: "dumps hold patients' data: whoever reads the place reads them",
  }),
  BACKUP_COMMAND: optionalText({
    meaning:
      'a line for sh that stores the dump from its standard input instead: aws s3 cp - "$BACKUP_DESTINATION"; it is given BACKUP_DESTINATION (BACKUP_TO/BACKUP_FILE), BACKUP_TO and BACKUP_FILE, and fails by its exit code',
    danger:
      "what it stores of a dump that failed is not to be used: `nexus backups` says which are done",
  }),
  BACKUP_SILENCE_MS: number(1_000, 3_600_000, {
    meaning:
      "milliseconds without a byte of the dump after which a backup is given up and tried again; however long it takes, it goes on while there are some",
    fallback: "120000",
    danger: "if it is shorter than a lock on a table is held, the backup fails meanwhile",
  }),
};

/** What those variables say. */
export type BackupVariables = Config<typeof backupVariables>;

/** A name like folder/ or s3://bucket/folder/ ends without its last slash. */
export function placeOfBackups(to: string): string {
  return to.length > 1 ? to.replace(/\/+$/, "") : to;
}
