/** Users of Supabase Auth, in memory. */

export interface AuthUser {
  readonly id: string;
  /** Lower-cased; unique. */
  email: string;
  /** ISO 8601. */
  readonly createdAt: string;
  confirmedAt: string | null;
  /** As it was imported; null: GoTrue made a password that nobody knows. */
  passwordHash: string | null;
  /** Set by an update. */
  password: string | null;
  appMetadata: Readonly<Record<string, unknown>>;
  userMetadata: Readonly<Record<string, unknown>>;
  /** ISO 8601; null: never. */
  lastSignInAt: string | null;
  /** Of the last link that was sent to him, to a recovery or a sign-in. */
  mailedAt: string | null;
  bannedUntil: string | null;
}

/** By id, in the order of their creation. */
export type Users = Map<string, AuthUser>;

export function userWithEmail(users: Users, email: string): AuthUser | undefined {
  return [...users.values()].find((user) => user.email === email.toLowerCase());
}

/** GoTrue merges metadata key by key; null takes a key away. */
export function merged(
  old: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const all = Object.entries({ ...old, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

/** A user as GoTrue tells of it: without password or hash. */
export function viewOf(user: AuthUser): object {
  const { id, email, createdAt: created_at, confirmedAt } = user;
  const { lastSignInAt, mailedAt, bannedUntil } = user;
  return {
    id,
    aud: "authenticated",
    role: "authenticated",
    email,
    ...(confirmedAt !== null && { email_confirmed_at: confirmedAt, confirmed_at: confirmedAt }),
    ...(lastSignInAt !== null && { last_sign_in_at: lastSignInAt }),
    ...(mailedAt !== null && { recovery_sent_at: mailedAt }),
    ...(bannedUntil !== null && { banned_until: bannedUntil }),
    phone: "",
    app_metadata: user.appMetadata,
    user_metadata: user.userMetadata,
    identities: [
      {
        id,
        user_id: id,
        provider: "email",
        identity_data: { sub: id, email, email_verified: false, phone_verified: false },
        created_at,
        updated_at: created_at,
      },
    ],
    created_at,
    updated_at: created_at,
    is_anonymous: false,
  };
}
