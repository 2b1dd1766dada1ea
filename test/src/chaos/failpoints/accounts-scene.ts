/** Accounts of Supabase Auth: who decides dies, and who makes them. */
import { authEnvironment, startAuth } from "@nexus/local/auth";
import { accountProgress } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { expect } from "vitest";
import {
  accountsSettled,
  heldAccounts,
  TEST_ACCOUNTS,
  wantedAccounts,
} from "../../auth-accounts.ts";
import type { Scene } from "./scene.ts";
import { clear, endsTheSame, PLAIN } from "./stage.ts";

export const decision: Scene = {
  victim: "extractor",
  play: async (stage, man) => {
    const { journey } = stage;
    await clear(stage);
    await man({ TEST_ACCOUNTS });
    const runId = await journey.begin({ embeddings: true, accounts: true });
    await endsTheSame(stage, runId);
    await eventually(() => accountProgress(journey.target), {
      until: (progress) => progress.runId === runId && progress.status === "making",
      within: 60_000,
    });
    const { rows } = await journey.target.query<{ id: string }>(
      "select profile_id::text as id from migration.accounts where state = 'due' order by 1",
    );
    expect(rows).toEqual((await wantedAccounts(journey)).map(({ id }) => ({ id })));
  },
};

export const making: Scene = {
  victim: "loader",
  play: async (stage, man) => {
    const { journey } = stage;
    await clear(stage);
    const server = await startAuth();
    try {
      await man(authEnvironment(server.url));
      const runId = await journey.begin({ embeddings: true, accounts: true });
      await endsTheSame(stage, runId);
      await accountsSettled(journey, runId);
      expect(heldAccounts(server)).toEqual(await wantedAccounts(journey));
    } finally {
      await stage.crew.man(PLAIN);
      await server.close();
    }
  },
};
