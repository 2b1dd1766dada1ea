import { accountReasonInWords, isInt8 } from "@nexus/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, pageOptions, reasonOption } from "../arguments.ts";
import { nextPage, print, type Printing } from "../output.ts";
import { accountsInFull } from "../progress/index.ts";
import { count, table } from "../words.ts";
import { inviteAccounts, listInvitations } from "./invite-accounts.ts";

/** `nexus accounts` */
export function accounts(program: Command): void {
  const command = apiCommand(
    program,
    "accounts",
    "show how far accounts of Supabase Auth are made, and who gets none",
  )
    .enablePositionalOptions()
    .action(async (given: Printing) => {
      const view = await openApi().call("GET /v1/accounts");
      print(view, accountsInFull(view), given);
    });
  listThem(command);
  tryAgain(command);
  inviteAccounts(command);
  listInvitations(command);
}

interface Listing extends Printing {
  readonly state?: "none" | "refused" | "unwanted";
  readonly because?: string;
  readonly decidedBy?: "person" | "rule";
  readonly limit: number;
  readonly cursor?: string;
}

/** `nexus accounts exceptions` */
function listThem(command: Command): void {
  const [limit, cursor] = pageOptions();
  apiCommand(
    command,
    "exceptions",
    "list the users who have no account, or are to have none any more, by their key in the source",
  )
    .addOption(
      new Option(
        "--state <state>",
        "only those who get none, who were refused, or whose account is not wanted any more",
      ).choices(["none", "refused", "unwanted"]),
    )
    .option("--because <code>", "only those with this reason or refusal")
    .addOption(
      new Option(
        "--decided-by <whom>",
        "only those of whom a person has to decide, or those whom a rule decides",
      ).choices(["person", "rule"]),
    )
    .addOption(limit)
    .addOption(cursor)
    .action(async ({ json, because: reason, ...query }: Listing) => {
      const page = await openApi().call("GET /v1/accounts/exceptions", {
        query: { ...query, reason },
      });
      const rows = page.items.map((one) => [
        String(one.legacyId),
        one.state,
        one.reason,
        one.holder === null ? null : String(one.holder),
        one.decidedBy,
        String(one.runId),
        one.profileId,
      ]);
      const heads = ["user", "state", "reason", "holder", "decided by", "run", "profile"];
      const lines = [...table(heads, rows), ...meanings(page.items), ...nextPage(page.next)];
      print(page, rows.length === 0 ? ["No user is without an account for that"] : lines, { json });
    });
}

/** Each reason of a page once, in words. */
function meanings(items: readonly { readonly reason: string }[]): string[] {
  const reasons = [...new Set(items.map(({ reason }) => reason))];
  return reasons.map((reason) => `${reason}: ${accountReasonInWords(reason)}`);
}

interface Requeue extends Printing {
  readonly scope: "refused" | "waiting";
  readonly because?: string;
  readonly users?: string[];
  readonly reason?: string;
}

/** `nexus accounts requeue` */
function tryAgain(command: Command): void {
  apiCommand(
    command,
    "requeue",
    "try accounts again: refused ones once the cause is mended, or those that wait for their next attempt",
  )
    .addOption(
      new Option("--scope <scope>", "refused ones, or those that are tried again later anyway")
        .choices(["refused", "waiting"])
        .default("refused"),
    )
    .option("--because <code>", "with refused: only refusals with this code")
    .addOption(
      new Option(
        "--users <keys>",
        "only these users: keys of the source, with commas between them",
      ).argParser(keyList),
    )
    .addOption(reasonOption())
    .action(async ({ json, users, ...body }: Requeue) => {
      const answer = await openApi().call("POST /v1/accounts/requeue", {
        body: { ...body, ...(users === undefined ? {} : { legacyIds: users }) },
      });
      const says =
        answer.accounts === 0
          ? `no account is ${body.scope} like that: nothing was changed`
          : `${count(answer.accounts)} accounts are tried again`;
      print(answer, [says], { json });
    });
}

function keyList(given: string): string[] {
  const keys = given.split(",").map((key) => key.trim());
  if (keys.every(isInt8)) return keys;
  throw new InvalidArgumentError("They are whole numbers of 64 bits with commas between them.");
}
