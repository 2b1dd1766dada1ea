/** The report as headings, paragraphs, lists and tables: what Markdown and HTML are made of. */
import type { Report } from "@nexus/contract";
import { accountTables } from "./accounts.ts";
import { type Block, type Document, heading, list, paragraph, section, table } from "./blocks.ts";
import { duration, estimated, inWords, moment, money, percent, plain } from "./wording.ts";

/** All of the report; a section that has nothing to say is left out. */
export function documentOf(report: Report): Document {
  const { run } = report;
  return {
    title: run === null ? "Migration report" : `Migration report: run ${run.id}`,
    blocks: [
      paragraph(stamp(report)),
      heading("Summary"),
      list(report.summary),
      ...(run === null ? [] : tablesOf(report)),
      heading("Next steps"),
      list(report.nextSteps),
      paragraph(
        "All numbers are read from the ledger of the migration; docs/report.md has the query for each. Shares are rounded down. No value of a row is in this report.",
      ),
    ],
  };
}

function stamp({ run, madeAt }: Report): string {
  const times = [
    `Made ${moment(madeAt)}`,
    ...(run === null ? [] : [`run created ${moment(run.createdAt)}`]),
    ...(run === null || run.startedAt === null ? [] : [`begun ${moment(run.startedAt)}`]),
    ...(run === null || run.finishedAt === null ? [] : [`ended ${moment(run.finishedAt)}`]),
  ];
  return `${times.join(", ")}.`;
}

function tablesOf(report: Report): Block[] {
  return [
    ...progressTable(report),
    ...shortfallTable(report),
    ...repairTable(report),
    ...checkTable(report),
    ...targetTables(report),
    ...backupTable(report),
    ...embeddingTable(report),
    ...accountTables(report.accounts),
    ...timeTable(report),
  ];
}

function progressTable({ progress, totals, verdict }: Report): Block[] {
  const row = (
    name: string,
    one: typeof totals,
    status: string,
    issues: readonly string[],
  ): string[] => [
    name,
    ...[one.expected, one.current, one.remaining].map(inWords),
    percent(one.progress),
    plain(status),
    issues.join("; "),
  ];
  const rows = progress.rows.map((one) =>
    row(one.entity, { ...one, query: "totals" }, one.status, one.issues),
  );
  return [
    heading("Progress"),
    table("Entity, Expected #, Current #, Remaining #, Progress #, Status, Issues", [
      ...rows,
      row("All", totals, verdict, []),
    ]),
    paragraph(
      "Expected: rows of the source when they were counted. Current: rows in the target. Remaining: rows that are not, with those that a live source gained or lost since.",
    ),
  ];
}

function shortfallTable({ shortfalls }: Report): Block[] {
  return section(
    "Why rows are missing",
    "Entity, Rows #, Resolved since #, Kind, Code, Column, Reason, What to do",
    shortfalls.rows.map((one) => [
      one.entity,
      inWords(one.rows),
      inWords(one.resolved),
      plain(one.kind),
      one.reason,
      one.column ?? "",
      one.says,
      one.advice,
    ]),
  );
}

function repairTable({ repairs }: Report): Block[] {
  return section(
    "Repairs on rows in the target",
    "Entity, Repair, Column, Rows #",
    repairs.rows.map(({ entity, code, column, rows }) => [
      entity,
      plain(code),
      column,
      inWords(rows),
    ]),
  );
}

function checkTable({ checks }: Report): Block[] {
  const number = (value: number | null): string => (value === null ? "" : inWords(value));
  return section(
    "Checks after loading",
    "Entity, Check, Expected #, Found #, Result",
    checks.rows.map((one) => [
      one.entity,
      one.says,
      number(one.expected),
      number(one.actual),
      one.expected === null ? "noted" : one.passed ? "passed" : "FAILED",
    ]),
  );
}

/** Said only where somebody else has put rows into the target. */
function targetTables({ target, adopted }: Report): Block[] {
  const mixed = target.rows.some((one) => one.adopted + one.strangers > 0);
  const rows = target.rows.map((one) => [
    one.entity,
    ...[one.rows, one.before, one.inserted, one.adopted, one.strangers, one.changed].map(inWords),
  ]);
  return [
    ...section(
      "Rows of the target's tables",
      "Entity, Rows #, Loaded before #, Inserted #, Adopted #, Strangers #, Adopted and changed #",
      mixed ? rows : [],
    ),
    ...section(
      "Changes in adopted rows",
      "Entity, Column, Rows #",
      adopted.rows.map(({ entity, column, rows: changed }) => [entity, column, inWords(changed)]),
    ),
  ];
}

function backupTable({ backups }: Report): Block[] {
  return section(
    "Backups before the first write",
    "Entity, Status, Bytes #, Taken #, File, SHA-256",
    backups.rows.map((one) => [
      one.entity,
      one.errorCode === null ? one.status : `${one.status}: ${one.errorCode}`,
      one.bytes === null ? "" : inWords(one.bytes),
      one.durationMs === null ? "" : duration(one.durationMs / 1000),
      one.file ?? "",
      one.sha256 ?? "",
    ]),
  );
}

function embeddingTable({ embedding, dify }: Report): Block[] {
  const { wanted, done, empty, failed, open, vectors, calls, throttled, tokens, microdollars } =
    embedding;
  if (!wanted && done + failed + open === 0 && dify === null) return [];
  const counts: [string, number][] = [
    ["Items embedded", done],
    ["Items with nothing to say", empty],
    ["Items that failed", failed],
    ["Items to come", open],
    ["Vectors", vectors],
    ["Calls paid for", calls],
    ["Calls throttled", throttled],
    ["Tokens", tokens],
    ...(dify === null
      ? []
      : ([
          ["Documents in Dify", dify.done],
          ["Documents offered", dify.offered],
          ["Documents to come", dify.open],
          ["Documents being indexed", dify.indexing],
          ["Documents that failed", dify.failed],
        ] satisfies [string, number][])),
  ];
  const rows = counts.map(([name, count]) => [name, inWords(count)]);
  return section("Embeddings, all runs", "What, Count #", [...rows, ["Cost", money(microdollars)]]);
}

function timeTable({ time }: Report): Block[] {
  return section(
    "Time",
    "Phase, State, Taken #, Left #, Time to come #",
    time.phases.map(({ phase, state, seconds, left, eta }) => [
      phase,
      plain(state),
      seconds === null ? "" : duration(seconds),
      inWords(left),
      eta === null ? "" : estimated(eta),
    ]),
  );
}
