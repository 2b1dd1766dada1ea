/** What the tests of accounts share: a stand-in of their own, and people. */
import { type AuthOptions, type AuthServer, SERVICE_ROLE_KEY, startAuth } from "@nexus/local/auth";
import type { AuthAdmin, NewAccount } from "@nexus/shared/auth";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import { onTestFinished } from "vitest";

export const HASH = `$2b$12$${"a".repeat(53)}`;

export const uuid = (n: number): string => `00000000-0000-5000-8000-${String(n).padStart(12, "0")}`;

/** The ledger of all runs here. */
export const LEDGER = uuid(700);

export const person = (n: number, change: Partial<NewAccount> = {}): NewAccount => ({
  id: uuid(n),
  email: "front.desk@clinic.example",
  passwordHash: HASH,
  practiceId: uuid(500),
  role: "doctor",
  runId: 7,
  ledger: LEDGER,
  ...change,
});

/** A stand-in, and a client of it; both end with the test. */
export async function openAccounts(
  options: AuthOptions = {},
  { serviceRoleKey = SERVICE_ROLE_KEY, timeoutMs = 10_000 } = {},
): Promise<{ readonly server: AuthServer; readonly admin: AuthAdmin }> {
  const server = await startAuth(options);
  onTestFinished(() => server.close());
  const admin = openAuthAdmin({ url: `${server.url}/`, serviceRoleKey, timeoutMs });
  return { server, admin };
}
