import type { InvitationsView } from "@nexus/contract";
import { ConfigurationError } from "@nexus/shared/config";
import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, pageOptions, reasonOption } from "../arguments.ts";
import { nextPage, print, type Printing } from "../output.ts";
import { count, instant, table } from "../words.ts";

interface Given extends Printing {
  readonly dryRun?: true;
  readonly go?: true;
  readonly method: "recovery" | "magiclink";
  readonly againUnsure?: true;
  readonly reason?: string;
}

const DESCRIPTION =
  "invite those whose account has a password that nobody knows: a mail of Supabase Auth with a link; loaders send them one after the other, never two to one person";

/** `nexus accounts invite` */
export function inviteAccounts(accounts: Command): void {
  apiCommand(accounts, "invite", DESCRIPTION)
    .addOption(
      new Option("--dry-run", "count whom it would reach, and send nothing").conflicts("go"),
    )
    .option("--go", "invite them")
    .addOption(
      new Option(
        "--method <method>",
        "a link by which a password is set, or one that signs in without",
      )
        .choices(["recovery", "magiclink"])
        .default("recovery"),
    )
    .option(
      "--again-unsure",
      "with --go: also those again of whom it is not known whether their mail left; who has got one since is found out first, as far as Supabase Auth knows",
    )
    .addOption(reasonOption())
    .action(act);
}

async function act({ dryRun, go, method, againUnsure, reason, json }: Given): Promise<void> {
  if (dryRun !== true && go !== true)
    throw new ConfigurationError(
      "say which: --dry-run counts whom an invitation would reach, --go sends the mails",
    );
  const api = openApi();
  if (go !== true) {
    const view = await api.call("GET /v1/accounts/invitations", { query: { limit: 1 } });
    return print(view, foreseen(view), { json });
  }
  const done = await api.call("POST /v1/accounts/invitations", {
    body: { method, againUnsure, reason },
  });
  const again = done.again === 0 ? "" : `, ${count(done.again)} of them once more`;
  print(
    done,
    [`${count(done.invited)} users are invited${again}`, "how far: nexus accounts invitations"],
    { json },
  );
}

function foreseen(view: InvitationsView): string[] {
  const rows = Object.entries(view.toInvite);
  const sum = rows.reduce((all, [, users]) => all + users, 0);
  return [
    `${count(sum)} users would be invited; nothing was sent`,
    ...(rows.length === 0 ? [] : table(["why nobody knows the password", "users"], rows)),
    ...standing(view),
  ];
}

/** How far the invitations are that were asked for. */
function standing({ states, codes, pausedBecause }: InvitationsView): string[] {
  const rows = Object.entries(states);
  const why = Object.entries(codes);
  return [
    ...(rows.length === 0 ? [] : table(["invitations", "users"], rows)),
    ...(why.length === 0 ? [] : table(["left or refused", "users"], why)),
    ...(pausedBecause === null ? [] : [`no mail leaves now: ${pausedBecause}`]),
    ...((states["unsure"] ?? 0) === 0
      ? []
      : [
          "unsure: Supabase Auth gave no answer, and a mail may have left; who they are: nexus accounts invitations --state unsure; to ask again: --go --again-unsure",
        ]),
  ];
}

interface Listing extends Printing {
  readonly state?: InvitationsView["items"][number]["state"];
  readonly limit: number;
  readonly cursor?: string;
}

/** `nexus accounts invitations` */
export function listInvitations(accounts: Command): void {
  const [limit, cursor] = pageOptions();
  apiCommand(
    accounts,
    "invitations",
    "list who was invited, by their key in the source, and what became of it",
  )
    .addOption(
      new Option("--state <state>", "only those of whom this holds").choices([
        "due",
        "sending",
        "sent",
        "unsure",
        "left",
        "refused",
      ]),
    )
    .addOption(limit)
    .addOption(cursor)
    .action(async ({ json, ...query }: Listing) => {
      const view = await openApi().call("GET /v1/accounts/invitations", { query });
      const rows = view.items.map((one) => [
        String(one.legacyId),
        one.method,
        one.state,
        one.code,
        instant(one.settledAt ?? one.askedAt),
      ]);
      const list = table(["user", "method", "state", "code", "since"], rows);
      const lines = [
        ...standing(view),
        ...(rows.length === 0 ? ["nobody like that was invited"] : list),
        ...nextPage(view.next),
      ];
      print(view, lines, { json });
    });
}
