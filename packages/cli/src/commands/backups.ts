import { entities, entityNamed } from "@nexus/catalog";
import type { BackupView } from "@nexus/contract";
import type { Command } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, wholeNumber } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing } from "../output.ts";
import { type Verified, verifyFile } from "../verify-file.ts";
import { count, duration, instant, table } from "../words.ts";

interface Given extends Printing {
  readonly run?: number;
  readonly verify?: true;
  readonly commands?: true;
}

/** `nexus backups` */
export function backups(program: Command): void {
  apiCommand(
    program,
    "backups",
    "list what was dumped before runs first wrote to the tables of an entity (extractors with BACKUP=pg_dump do that)",
  )
    .option("--run <run>", "only those of this run; else of the newest twenty", wholeNumber)
    .option(
      "--verify",
      "read each file: its SHA-256 is that of the ledger, and pg_restore can list it; exit code 1 unless all are verified",
    )
    .option(
      "--commands",
      "print the commands that put the tables back, the newest first (docs/operations.md, Restore a backup)",
    )
    .action(list);
}

async function list({ run, verify, commands, json }: Given): Promise<void> {
  const { items } = await openApi().call("GET /v1/backups", {
    query: run === undefined ? {} : { run: String(run) },
  });
  if (commands === true) return print(items.map(restoreCommand), commandLines(items), { json });
  const verified = new Map<BackupView, Verified>();
  if (verify === true) for (const one of items) verified.set(one, await verifyFile(one));
  const told = items.map((one) => ({
    ...one,
    ...(verify === true && { verified: verified.get(one) }),
  }));
  print({ items: told }, linesOf(run, items, verified), { json });
  const all = items.length > 0 && [...verified.values()].every((one) => one === "verified");
  if (verify === true && !all) process.exitCode = EXIT_CODES.unwell.code;
}

function linesOf(
  run: number | undefined,
  items: readonly BackupView[],
  verified: ReadonlyMap<BackupView, Verified>,
): string[] {
  if (items.length === 0)
    return [
      `No backup ${run === undefined ? "was taken" : `of a run ${run} is on record`}: extractors take them with BACKUP=pg_dump and BACKUP_TO`,
    ];
  const rows = items.map((one) => [
    String(one.runId),
    one.entity,
    one.errorCode === null ? one.status : `${one.status} (${one.errorCode})`,
    instant(one.finishedAt ?? one.startedAt),
    one.bytes,
    one.durationMs === null ? null : duration(one.durationMs / 1000),
    ...(verified.size === 0 ? [] : [IN_WORDS[verified.get(one) ?? "not_done"]]),
    one.file === null ? null : one.keptBy === "folder" ? `${one.host}:${one.file}` : one.file,
  ]);
  const headings = ["run", "entity", "status", "at", "bytes", "took"];
  const more = verified.size === 0 ? ["file"] : ["verified", "file"];
  return table([...headings, ...more], rows);
}

const IN_WORDS: Readonly<Record<Verified, string>> = {
  verified: "yes",
  not_done: "not taken yet",
  elsewhere: "NO: stored by BACKUP_COMMAND, to be fetched",
  missing: "NO: not on this machine",
  differs: "NO: other bytes than were written",
  unreadable: "NO: pg_restore cannot read it",
  no_pg_restore: "NO: there is no pg_restore here",
};

/** Children before their parents, and the newest run first: each finds the state that it left. */
function commandLines(items: readonly BackupView[]): string[] {
  const done = items.filter(({ status }) => status === "done").reverse();
  return done.flatMap((one) => [
    `# ${one.entity}, as it was before run ${one.runId} (${count(one.bytes ?? 0)} bytes, SHA-256 ${one.sha256})`,
    ...(one.keptBy === "command" ? [`# fetch ${one.file} first`] : []),
    restoreCommand(one),
  ]);
}

function restoreCommand({ entity, keptBy, file }: BackupView): string {
  const { table: name, key } = entityNamed(entities, entity).target;
  const here = keptBy === "command" ? (file ?? "").replace(/^.*\//, "") : (file ?? "");
  return [
    `pg_restore --data-only --enable-row-security --table=${name} --file=- ${quoted(here)}`,
    "awk -f packages/shared/sql/restore.awk",
    `psql "$TARGET_URL" -X -q -1 -v ON_ERROR_STOP=1 -v VERBOSITY=terse -v key=${key} -f - -f packages/shared/sql/restore.sql`,
  ].join(" | ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
