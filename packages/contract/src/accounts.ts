/** `/v1/accounts`: how far accounts of Supabase Auth are made, who has none and why, and those that are tried again. Never an address. */
import { z } from "zod";
import {
  instant,
  isInt8,
  listQuery,
  pageOf,
  reason,
  reasonCode,
  requiredBody,
  sourceKey,
} from "./parts.ts";

const byCode = z.record(z.string(), z.int());

/** The counts, as reports show them, too. */
const accountCounts = {
  users: z.int().meta({
    description:
      "Users of the source who were looked at: the sum of `wanted` and of all of `none`.",
  }),
  wanted: z.int().meta({
    description:
      "Users who are to have an account: the sum of `due`, `done`, all of `refused`, and those whose account is taken back.",
  }),
  none: byCode.meta({ description: "How many users get none, by reason." }),
  due: z.int().meta({
    description: "Wanted accounts that are to be made, or to be told practice and role.",
  }),
  done: z.int().meta({ description: "Wanted accounts that are there." }),
  made: z.int().meta({
    description: "Of `done`, those that a run of ours created. The others were there before.",
  }),
  refused: byCode.meta({
    description:
      "Wanted accounts that Supabase Auth refuses, by code. A person must look. `address_taken`: somebody who is not this user has the address there.",
  }),
  unwanted: z.int().meta({
    description:
      "Accounts of users who are to have none any more, because they are inactive in the source now, for example. Nobody takes them away by himself.",
  }),
  removing: z.int().meta({ description: "Accounts that a rollback takes back." }),
  passwords: byCode.meta({
    description:
      "Of what was made: `imported`, or by reason those whose password nobody knows, so that they need a link.",
  }),
};

export const accountsView = z.object({
  status: z.enum(["off", "waiting", "paused", "making", "settled"]).meta({
    description:
      "`off`: no run has asked for any. `waiting`: for profiles to settle, or to be decided about. `making`: some are due. `settled`: nothing is.",
  }),
  pausedBecause: z.string().nullable().meta({
    description:
      "`throttled`, `unavailable`, or the code of what a person must look at. Null while nothing is paused.",
  }),
  runId: z.int().nullable().meta({ description: "The newest run that makes accounts." }),
  ...accountCounts,
  stalled: z
    .object({
      of: z.enum(["decision", "accounts"]),
      seconds: z.int().meta({ description: "Seconds since anything moved." }),
      says: z.string(),
    })
    .nullable()
    .meta({
      description:
        "Set when profiles have settled and nobody decides, or accounts are due and nobody makes them. Null while they move.",
    }),
});

export type AccountsView = z.infer<typeof accountsView>;

const query = <N extends string>(name: N) =>
  z.literal(name).meta({ description: "The query of docs/report.md that gives these numbers." });

const { users, wanted, due, done, made, unwanted, removing } = accountCounts;

/** As reports and evidence show them. */
export const accountsReported = z.object({
  query: query("accounts"),
  status: accountsView.shape.status,
  users,
  wanted,
  without: z.int().meta({ description: "Users who get none: `users - wanted`." }),
  due,
  done,
  made,
  refused: z.int().meta({ description: "Wanted accounts that Supabase Auth refuses." }),
  unwanted,
  removing,
  looked: z.int().nullable().meta({
    description: "Users of the source when it was decided last who gets an account. Null: never.",
  }),
  unaccounted: z.int().nullable().meta({
    description: "Of these, users whom the ledger does not know. The sum closes when it is 0.",
  }),
  reasons: z.object({
    query: query("accounts_reasons"),
    rows: z.array(
      z.object({
        kind: z.enum(["none", "refused", "unwanted"]),
        reason: z.string(),
        users: z.int(),
        says: z.string(),
      }),
    ),
  }),
  passwords: z
    .object({
      query: query("accounts_passwords"),
      rows: z.array(z.object({ password: z.string(), accounts: z.int() })),
    })
    .meta({
      description: "Of what was made: `imported`, or why nobody knows the password.",
    }),
});

const STATES = ["none", "refused", "unwanted"] as const;

/** In one request. */
const MOST_IDS = 1_000;

/** Also ids beyond 2^53, as text. */
const id = z.union([
  z.int(),
  z.string().refine(isInt8, "must be the id of a user").meta({ pattern: "^-?\\d{1,19}$" }),
]);

export const accounts = {
  "GET /v1/accounts": {
    summary: "Show how far accounts of Supabase Auth are made",
    response: { 200: accountsView },
  },
  "GET /v1/accounts/exceptions": {
    summary: "List users of the source who have no account, or are to have none, with the reason",
    querystring: listQuery({
      state: z.enum(STATES).optional(),
      reason: reasonCode
        .optional()
        .meta({ description: "A reason why users get none, or the code of a refusal." }),
      decidedBy: z.enum(["person", "rule"]).optional().meta({
        description:
          "`person`: those of whom a person has to decide: refused and unwanted accounts, shared addresses. `rule`: the others.",
      }),
    }),
    response: {
      200: pageOf(
        z.object({
          legacyId: sourceKey.meta({ description: "`auth_user.id`." }),
          profileId: z
            .string()
            .nullable()
            .meta({ description: "The id of the profile, which is the account's, too." }),
          state: z.enum(STATES).meta({
            description:
              "`none`: there is none, and none is wanted. `refused`: one is wanted, and Supabase Auth refuses it. `unwanted`: there is one, or one was due, and none is wanted any more.",
          }),
          reason: z
            .string()
            .meta({ description: "Why none is wanted, or the code of the refusal." }),
          says: z.string(),
          decidedBy: z.enum(["person", "rule"]),
          holder: sourceKey.nullable().meta({
            description: "Of an address that is somebody else's, too: the user who has it.",
          }),
          runId: z.int().meta({ description: "The run that decided last." }),
          attempts: z.int(),
          settledAt: instant.nullable(),
        }),
      ),
    },
  },
  "POST /v1/accounts/requeue": {
    summary:
      "Try accounts again: those that were refused, or those that wait for their next attempt",
    body: requiredBody({
      scope: z.enum(["refused", "waiting"]).meta({
        description:
          "`refused`: accounts that a person has looked at, with all their attempts. `waiting`: those that are tried again later anyway are tried now.",
      }),
      because: reasonCode.optional().meta({
        description: "Only refusals with this code. Goes with the scope `refused`.",
      }),
      legacyIds: z.array(id).min(1).max(MOST_IDS).optional().meta({
        description: "Only these users. Those who have no such account are passed over.",
      }),
      reason: reason.optional(),
    }).refine(({ scope, because }) => because === undefined || scope === "refused", {
      path: ["because"],
      message: "goes with scope refused",
    }),
    response: { 200: z.object({ accounts: z.int() }) },
  },
} as const;
