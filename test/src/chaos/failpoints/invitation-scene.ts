/** People are invited, and the loaders that send their mails die: nobody gets two. */
import { type AuthServer, SERVICE_ROLE_KEY, startAuth } from "@nexus/local/auth";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import { ledgerId } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { expect } from "vitest";
import type { Scene } from "./scene.ts";
import { load, type Stage } from "./stage.ts";

const PEOPLE = 12;

/** Nothing but the ledger keeps anybody from getting two mails: the stand-in's own pause between them is none. */
export const invitation: Scene = {
  victim: "loader",
  play: async (stage, man) => {
    const runId = await load(stage);
    const server = await startAuth({ mailPauseMs: 0 });
    try {
      await giveAccounts(stage, server, runId);
      await man({
        ACCOUNTS: "on",
        SUPABASE_URL: server.url,
        SUPABASE_SERVICE_ROLE_KEY: SERVICE_ROLE_KEY,
        SUPABASE_TIMEOUT_MS: "500",
        INVITATIONS_PER_MINUTE: "10000",
      });
      expect(await invite(stage, false)).toEqual({ invited: PEOPLE, again: 0 });
      const { sent = 0, unsure = 0 } = await untilOver(stage);
      expect(sent + unsure, "everybody has an end").toBe(PEOPLE);
      expect(mailsEach(server), "sent is who has a mail").toHaveLength(sent);
      // Those who died are asked for again, by somebody, until nobody is unsure.
      for (let rounds = 0; rounds < PEOPLE; rounds += 1) {
        if ((await invite(stage, true)).invited === 0) break;
        await untilOver(stage);
      }
      expect(mailsEach(server), "one mail each").toEqual(Array(PEOPLE).fill(1));
    } finally {
      await server.close();
    }
  },
};

async function invite({ api }: Stage, againUnsure: boolean) {
  return await api.call("POST /v1/accounts/invitations", {
    body: { method: "recovery", againUnsure },
  });
}

/** Accounts of the first profiles, as a run makes them whose users' passwords cannot be imported. */
async function giveAccounts(
  { journey: { target } }: Stage,
  { url }: AuthServer,
  runId: number,
): Promise<void> {
  const { rows } = await target.query<{ id: string; key: number }>(
    `insert into migration.accounts (legacy_id, profile_id, run_id, state, made_by, password, practice_id, role)
     select legacy_id, id, $1, 'done', $1, 'password_pbkdf2', practice_id, role from public.profiles order by 1 limit ${PEOPLE}
     returning profile_id::text as id, legacy_id as key`,
    [runId],
  );
  const admin = openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 5_000 });
  const ledger = await ledgerId(target);
  const others = { passwordHash: null, practiceId: null, role: "user", runId, ledger };
  for (const { id, key } of rows)
    await admin.create({ id, email: `person${key}@clinic.example`, ...others });
}

/** How many invitations there are by state, once none is on its way. */
async function untilOver({ api }: Stage): Promise<Readonly<Record<string, number>>> {
  const { states } = await eventually(() => api.call("GET /v1/accounts/invitations"), {
    until: ({ states: { due = 0, sending = 0 } }) => due + sending === 0,
    within: 60_000,
    every: 20,
  });
  return states;
}

/** The mails of each who got any. */
function mailsEach(server: AuthServer): readonly number[] {
  const counts = new Map<string, number>();
  for (const { userId } of server.mails()) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  return [...counts.values()];
}
