import { number, optionalText } from "@nexus/shared/config";

/** The environment of invitations: read only where ACCOUNTS=on. */
export const invitationVariables = {
  INVITATIONS_PER_MINUTE: number(1, 10_000, {
    meaning:
      "mails per minute that all loaders together have Supabase Auth send to people who were invited (nexus accounts invite)",
    fallback: "1",
    danger:
      "Supabase lets 2 mails an hour leave through its own server, and 30 through yours until you raise that: what is beyond waits",
  }),
  INVITATION_REDIRECT_URL: optionalText({
    meaning:
      "where the links of these mails lead: an address among the redirect URLs of the project; absent: to its site URL",
  }),
};
