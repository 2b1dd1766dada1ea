import {
  type Difference,
  proofCodeInWords,
  unverifiedAccountsInWords,
  type VerificationView,
} from "@nexus/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, reasonOption } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing } from "../output.ts";
import { firstItems, untilDone } from "../until-done.ts";
import { count, countsInWords, table } from "../words.ts";
import { unknownIn } from "./forecast.ts";
import { giveUpProof } from "./give-up-proof.ts";

interface Given extends Printing {
  readonly range?: { readonly from: number; readonly to: number };
  readonly sample?: number;
  readonly list?: true;
  readonly cancel?: true;
  readonly reason?: string;
}

const DESCRIPTION =
  "compare the target with what a second bookkeeping expects of the source, row by row and column by column, vectors and documents of Dify with the texts that their rows have now, and accounts with Supabase Auth; " +
  "an extractor does it, and rows are read twice; " +
  "exit code 1 on any difference";

/** `nexus verify` */
export function verify(program: Command): void {
  apiCommand(program, "verify", DESCRIPTION)
    .addArgument(entityArgument("[entity]"))
    .addOption(
      new Option("--range <from:to>", "keys of the source, both ends too: 1:5000").argParser(
        rangeOf,
      ),
    )
    .addOption(
      new Option(
        "--sample <percent>",
        "so many of the source rows, chosen by chance: 5%; a sample finds no row whose source row is gone",
      ).argParser(percentOf),
    )
    .option("--list", "list every difference, not only the first ones")
    .addOption(
      new Option("--cancel", "give up the verification that is open").conflicts([
        "range",
        "sample",
        "list",
      ]),
    )
    .addOption(reasonOption())
    .action(ask);
}

/** How many differences are shown, unless all are asked for. */
const SHOWN = 20;

async function ask(entity: string | undefined, given: Given): Promise<void> {
  if (given.cancel === true) return await giveUpProof("verification", given);
  const api = openApi();
  const { range, sample, reason } = given;
  const entities = entity === undefined ? undefined : [entity];
  const { id } = await api.call("POST /v1/verifications", {
    body: { entities, range, sample, reason },
  });
  const params = { id: String(id) };
  const view = await untilDone(`verification ${id}`, () =>
    api.call("GET /v1/verifications/:id", { params }),
  );
  const most = given.list === true ? Number.POSITIVE_INFINITY : SHOWN;
  const listed = await firstItems(most, (query) =>
    api.call("GET /v1/verifications/:id/differences", { params, query }),
  );
  print({ ...view, listed }, linesOf(view, listed), given);
  if (view.status === "failed" || view.differences > 0) process.exitCode = EXIT_CODES.unwell.code;
}

function linesOf(view: VerificationView, listed: readonly Difference[]): string[] {
  const { id, status, errorCode, entities, differences, pending, range, sample } = view;
  if (status === "failed")
    return [`verification ${id} failed (${errorCode}): ${proofCodeInWords(errorCode)}`];
  const proved = entities.filter((one) => one.status === "proved" || one.differences > 0);
  const rows = proved.map((one) => [
    one.entity,
    one.rows,
    one.differences,
    countsInWords(one.kinds),
    one.changedSince,
  ]);
  const more = differences + sum(proved.map((one) => one.changedSince)) > listed.length;
  return [
    `verification ${id}: ${differencesInWords(differences)}${pendingInWords(pending)}${narrowed(range, sample)}`,
    ...(rows.length === 0
      ? []
      : table(["entity", "compared", "differences", "kinds", "changed since"], rows)),
    ...contentLines(entities, "vectors"),
    ...contentLines(entities, "documents"),
    ...accountLines(entities),
    ...(listed.length === 0
      ? []
      : table(["entity", "source row", "column", "kind", ""], listed.map(rowOf))),
    ...(more && listed.length === SHOWN ? ["there are more: add --list"] : []),
    ...unknownIn(entities, "not verified"),
  ];
}

/** Entities whose rows are content; documents only where Dify was ever filled. */
function contentLines(
  entities: VerificationView["entities"],
  made: "vectors" | "documents",
): string[] {
  const rows = entities.flatMap(({ entity, [made]: seen }) =>
    seen === null ? [] : [[entity, seen.items, seen.pending]],
  );
  return rows.length === 0 ? [] : table([`${made} of`, "content rows", "pending"], rows);
}

function accountLines(entities: VerificationView["entities"]): string[] {
  const [seen] = entities.flatMap(({ accounts }) => accounts ?? []);
  if (seen === undefined) return [];
  const { items, pending, unverified } = seen;
  return unverified === null
    ? table(["accounts", "pending"], [[items, pending]])
    : [`accounts are not verified: ${unverifiedAccountsInWords(unverified)}`];
}

function pendingInWords(pending: number): string {
  if (pending === 0) return "";
  return `; ${count(pending)} content ${pending === 1 ? "row has" : "rows have"} vectors yet to be made, which is no difference: \`nexus status\` and \`nexus backfill\` say more`;
}

function rowOf({ entity, legacyId, column, kind, changedSince }: Difference) {
  return [
    entity,
    String(legacyId),
    column,
    kind,
    changedSince ? "changed in the source since, no difference" : null,
  ];
}

function differencesInWords(differences: number): string {
  return `${count(differences)} ${differences === 1 ? "difference" : "differences"}`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, one) => total + one, 0);
}

function narrowed(range: VerificationView["range"], sample: number | null): string {
  const parts = [
    ...(range === null ? [] : [`keys ${range.from} to ${range.to}`]),
    ...(sample === null ? [] : [`a sample of ${sample} %`]),
  ];
  return parts.length === 0 ? "" : ` (only ${parts.join(", ")})`;
}

function rangeOf(given: string): { from: number; to: number } {
  const [, from, to] = /^(-?\d{1,15}):(-?\d{1,15})$/.exec(given) ?? [];
  if (from === undefined || to === undefined || Number(from) > Number(to))
    throw new InvalidArgumentError("It looks like 1:5000.");
  return { from: Number(from), to: Number(to) };
}

function percentOf(given: string): number {
  const percent = /^\d{1,3}(\.\d{1,6})?%?$/.test(given) ? Number.parseFloat(given) : 0;
  if (percent > 0 && percent <= 100) return percent;
  throw new InvalidArgumentError("It is a part of the rows, above 0% and up to 100%.");
}
