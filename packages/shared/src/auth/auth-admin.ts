/** The calls that are made to Supabase Auth. */

export interface AuthAdminOptions {
  /** `SUPABASE_URL`, like https://<project>.supabase.co. */
  readonly url: string;
  /** `SUPABASE_SERVICE_ROLE_KEY`: may do everything to everybody. */
  readonly serviceRoleKey: string;
  /** Milliseconds in which a call has to be answered. */
  readonly timeoutMs: number;
}

/** What `app_metadata` says of a user: what gives rights. */
export interface Rights {
  readonly practiceId: string | null;
  /** Null: it is not known yet. */
  readonly role: string | null;
}

export interface NewAccount extends Rights {
  /** The profile's. */
  readonly id: string;
  readonly email: string;
  /** Of `importPassword`; null: a password that nobody knows. */
  readonly passwordHash: string | null;
  /** The run that creates it: only such accounts may a rollback remove. */
  readonly runId: number;
  /** The id of the ledger that the run is in: another one has runs of the same numbers. */
  readonly ledger: string;
}

export interface FoundAccount extends Rights {
  readonly id: string;
  /** The run that created it; null: somebody else did. */
  readonly runId: number | null;
  /** The ledger of that run; null: none is named. */
  readonly ledger: string | null;
}

/**
 * The run of the ledger `ours` that created an account; null: none did. Former releases named no ledger: of their accounts only that the ledger has
 * `recorded` the run, as who made it or as who asked for it by such a release, says that it is ours (null: it has recorded none).
 */
export function makerOf(
  { runId, ledger }: Pick<FoundAccount, "runId" | "ledger">,
  ours: string,
  recorded: number | null,
): number | null {
  if (ledger === null) return runId === recorded ? runId : null;
  return ledger === ours ? runId : null;
}

/** How somebody is reached, and whether he needs to be. Not for the ledger: the address is a value. */
export interface Contact extends FoundAccount {
  /** As it is at Supabase Auth now: its owner may have changed it. Null: none. */
  readonly email: string | null;
  readonly hasSignedIn: boolean;
  readonly isBanned: boolean;
  /** When Supabase Auth sent a link to a recovery or a sign-in last, as it says so; null: never. */
  readonly mailedAt: string | null;
}

/** `recovery`: a link by which a password is set. `magiclink`: one that signs in. */
export type InvitationMethod = "recovery" | "magiclink";

export interface Invitation {
  readonly method: InvitationMethod;
  readonly email: string;
  /** Where the link leads to; undefined: to the project's own address. */
  readonly redirectTo: string | undefined;
}

/** Each call throws an `AuthFailure`, and nothing else. */
export interface AuthAdmin {
  create(account: NewAccount): Promise<void>;
  find(id: string): Promise<FoundAccount | undefined>;
  findContact(id: string): Promise<Contact | undefined>;
  /** A page of all accounts, whoever made them, newest first; the first page is 1. One that is not full is the last. */
  list(page: number): Promise<readonly FoundAccount[]>;
  /** Tells an account that is there its rights. Undefined: there is none. */
  update(id: string, rights: Rights): Promise<FoundAccount | undefined>;
  /** Has Supabase Auth send a mail. Creates nobody. Of an address that nobody has it may say nothing. */
  invite(invitation: Invitation): Promise<void>;
  /** Nothing if there is none. */
  remove(id: string): Promise<void>;
}

/** Accounts of a page. */
export const PAGE = 1_000;
