/** Evidence as one page: for stakeholders first, for auditors down to the SQL. */
import { digestLine, type Evidence } from "@nexus/contract";
import { type Block, type Document, heading, list, paragraph, section } from "../report/blocks.ts";
import { accountTables } from "../report/accounts.ts";
import { inWords, plain } from "../report/wording.ts";
import { countTables } from "./page-of-counts.ts";
import { verificationTables } from "./page-of-verifications.ts";

/** What stands on the page beside the evidence: it is not in the JSON, whose digest would be another one each time. */
export interface Stamp {
  readonly madeAt: string;
  readonly madeBy: string;
  readonly sha256: string;
}

/** All of the evidence; the statements come last, numbered. */
export function pageOf(evidence: Evidence, stamp: Stamp): Document {
  const statements = numbered();
  return {
    title: titleOf(evidence),
    blocks: [
      paragraph(`Made ${exact(stamp.madeAt)} by ${stamp.madeBy}; the target was read then.`),
      paragraph(digestLine(stamp.sha256)),
      ...whyNot(evidence),
      ...countTables(evidence),
      ...verificationTables(evidence),
      ...accountTables(evidence.accounts),
      ...checkTables(evidence, statements.numberOf),
      ...timeTable(evidence),
      ...versionTable(evidence),
      ...limits(),
      ...statements.blocks(),
    ],
  };
}

function titleOf({ signedOff, run }: Evidence): string {
  return signedOff
    ? `Evidence of run ${run.id}: signed off`
    : `NOT SIGNED OFF: evidence of run ${run.id}`;
}

function whyNot({ signedOff, refusals }: Evidence): Block[] {
  return signedOff
    ? [
        paragraph(
          "The run has completed, the sum closes for every entity, every check and invariant holds, and a verification of everything since found no difference.",
        ),
      ]
    : [heading("Why it is not signed off"), list(refusals.map(({ says }) => says))];
}

function checkTables({ checks, invariants }: Evidence, numberOf: (sql: string) => string): Block[] {
  const number = (value: number | null): string => (value === null ? "" : inWords(value));
  const result = (one: Evidence["checks"][number]): string => {
    if (!one.passed) return "FAILED";
    return one.expected === null ? "noted" : "passed";
  };
  return [
    ...section(
      "Checks after loading",
      "Entity, Check, Expected #, Found #, Result, SQL #",
      checks.map((one) => [
        one.entity,
        one.says,
        number(one.expected),
        number(one.actual),
        result(one),
        one.sql === null ? "" : numberOf(one.sql),
      ]),
    ),
    ...section(
      "Invariants, read when this was made",
      "Invariant, What must hold, Result, SQL #",
      invariants.map(({ name, says, broken, sql }) => [
        plain(name),
        says,
        broken.length === 0 ? "holds" : `BROKEN: ${broken.map(brokenInWords).join("; ")}`,
        numberOf(sql),
      ]),
    ),
  ];
}

function brokenInWords({ entity, count, some }: Evidence["invariants"][number]["broken"][number]) {
  return `${entity} ${inWords(count)} times${some === null ? "" : ` (${some})`}`;
}

function timeTable({ run, verifications }: Evidence): Block[] {
  const made = verifications.flatMap(({ newest }) => (newest === null ? [] : [newest]));
  const once = [...new Map(made.map((one) => [one.id, one])).values()];
  return section("Times of the reads", "What, When", [
    [`Run ${run.id} was asked for`, exact(run.createdAt)],
    [`Run ${run.id} began to read the source`, exact(run.startedAt)],
    ["Transactions that the source saw then", run.sourceSnapshot ?? "not known"],
    [`Run ${run.id} ended`, exact(run.finishedAt)],
    ...once.flatMap(({ id, createdAt, startedAt, finishedAt }) => [
      [`Verification ${id} was asked for`, exact(createdAt)],
      [`Verification ${id} began to read`, exact(startedAt)],
      [`Verification ${id} ended`, exact(finishedAt)],
    ]),
  ]);
}

function versionTable({ versions: { release, source, target }, verifications }: Evidence): Block[] {
  const made = verifications.flatMap(({ newest }) => newest?.versions?.release ?? []);
  const once = (all: readonly string[]): readonly string[] => [...new Set(all)];
  return section("Versions", "What, Version", [
    ["Smile Nexus Migration", release.version],
    ["Commit of this page's release", release.commit],
    ...once(made.map(({ commit }) => commit)).map((one) => ["Commit that verified", one]),
    ["Mapping of this page's release (SHA-256)", release.mapping],
    ...once(made.map(({ mapping }) => mapping)).map((one) => [
      "Mapping that verified (SHA-256)",
      one,
    ]),
    ["Schema of the ledger", release.ledger],
    ["PostgreSQL of the source", source ?? "not known"],
    ["PostgreSQL of the target", target],
    ["Node.js", release.node],
  ]);
}

function limits(): Block[] {
  return [
    heading("What this cannot say"),
    list([
      "A mistake that stands in both mappings, or in the contract that both were written from, is not seen.",
      "Columns that no mapping fills, ids, the numbers of vectors, and documents of Dify are not verified. Of accounts it is verified who is there, and with which practice and role; not with which address or password.",
      "Rows that the source has changed since they were read are counted apart: a later run reads them.",
      "docs/verification.md has the whole list. No value of a row is on this page: keys, columns and codes only.",
    ]),
  ];
}

/** Statements get numbers in the order in which they are named; equal ones the same. */
function numbered() {
  const numbers = new Map<string, number>();
  return {
    numberOf: (sql: string): string => {
      numbers.set(sql, numbers.get(sql) ?? numbers.size + 1);
      return String(numbers.get(sql));
    },
    blocks: (): Block[] => [
      heading("The SQL that repeats it, in the target"),
      paragraph(
        "An invariant holds where its statement returns no row. Counts of checks may be greater now than they were, where rows came since.",
      ),
      ...[...numbers].map(([sql, number]): Block => ({
        kind: "code",
        text: `-- ${number}\n${unindented(sql)};`,
      })),
    ],
  };
}

function unindented(sql: string): string {
  return sql.replaceAll(/\n +/g, "\n  ");
}

/** To the second; an instant that is not known says so. */
function exact(instant: string | null): string {
  if (instant === null) return "not known";
  return `${new Date(instant).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
