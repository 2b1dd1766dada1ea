/** `/v1/accounts/invitations`: links by mail to those whose account has a password that nobody knows. */
import { z } from "zod";
import { instant, listQuery, pageOf, reason, requiredBody, sourceKey } from "./parts.ts";

const counts = z.record(z.string(), z.int());

const method = z.enum(["recovery", "magiclink"]).meta({
  description: "`recovery`: a link by which a password is set. `magiclink`: one that signs in.",
});

const state = z.enum(["due", "sending", "sent", "unsure", "left", "refused"]).meta({
  description:
    "`due`: to be sent. `sending`: Supabase Auth is being asked. `unsure`: it gave no answer, and a mail may have left: sent again only with `againUnsure`. `left`: nobody is to be invited, and `code` says why. `refused`: a person must look at `code`.",
});

const invitation = z.object({
  legacyId: sourceKey,
  method,
  state,
  code: z.string().nullable(),
  askedAt: instant,
  settledAt: instant.nullable(),
});

export const accountInvitations = {
  "POST /v1/accounts/invitations": {
    summary:
      "Invite everybody whose account has a password that nobody knows, and who was not invited yet",
    body: requiredBody({
      method,
      againUnsure: z.boolean().optional().meta({
        description: "Invite those again of whom it is not known whether their mail left.",
      }),
      reason: reason.optional(),
    }),
    response: {
      200: z.object({
        invited: z.int().meta({ description: "Users who are invited now." }),
        again: z.int().meta({
          description: "Of those: they were unsure, or refused before.",
        }),
      }),
    },
  },
  "GET /v1/accounts/invitations": {
    summary: "Show whom an invitation would reach, and what became of those that were asked for",
    querystring: listQuery({ state: state.optional() }),
    response: {
      200: pageOf(invitation).extend({
        toInvite: counts.meta({
          description:
            "Users who were not invited yet, by the reason why nobody knows the password of their account.",
        }),
        states: counts.meta({ description: "Invitations by state." }),
        codes: counts.meta({ description: "Those that are left or refused, by code." }),
        pausedBecause: z.string().nullable().meta({
          description: "Why no mail leaves now. Null: none is to leave, or they do.",
        }),
      }),
    },
  },
} as const;

export type InvitationsView = z.infer<
  (typeof accountInvitations)["GET /v1/accounts/invitations"]["response"][200]
>;
