/** Wrong environments, each with the exit code and the words with which a service must end. */

export type Env = Readonly<Record<string, string>>;

/** `env` makes it of the right one, which holds EMPTY_URL and LACKING_URL besides what services read. */
export interface Wrong {
  readonly what: string;
  readonly env: (right: Env) => Env;
  readonly code: number;
  readonly says: readonly string[];
}

/** In every URL that is wrong: never to be shown. */
export const PASSWORD = "tr0ub4dor";
const NOWHERE = `127.0.0.1:1`;

/** For the services that read the legacy database. */
export const WRONG: readonly Wrong[] = [
  {
    what: "nothing is set",
    env: () => ({}),
    code: 2,
    says: ["LEGACY_URL is missing", "TARGET_URL is missing", "QUEUE_URL is missing"],
  },
  {
    what: "every URL is malformed",
    env: () => ({
      LEGACY_URL: `mysql://u:${PASSWORD}@h/d`,
      TARGET_URL: `u:${PASSWORD}@h`,
      QUEUE_URL: `http://u:${PASSWORD}@h`,
    }),
    code: 2,
    says: [
      "LEGACY_URL must look like postgres://",
      "TARGET_URL must look like",
      "QUEUE_URL must be redis://",
    ],
  },
  {
    what: "a variable is misspelt",
    env: ({ TARGET_URL = "", ...right }) => ({ ...right, TARGT_URL: TARGET_URL }),
    code: 2,
    says: ["TARGT_URL is unknown: did you mean TARGET_URL?", "TARGET_URL is missing"],
  },
  {
    what: "a number is none",
    env: (right) => ({ ...right, LEGACY_POOL: "many", TARGET_POOL: "0", LOG_LEVEL: "loud" }),
    code: 2,
    says: [
      "LEGACY_POOL must be a whole number from 1 to 50",
      "TARGET_POOL must be a whole number",
      "LOG_LEVEL must be one of fatal",
    ],
  },
  {
    what: "the target is a transaction pooler",
    env: (right) => ({
      ...right,
      TARGET_URL: `postgres://u:${PASSWORD}@pooler.example:6543/postgres`,
    }),
    code: 2,
    says: ["TARGET_URL uses port 6543", "session mode on port 5432"],
  },
  {
    what: "the legacy server is away",
    env: (right) => ({ ...right, LEGACY_URL: `postgres://u:${PASSWORD}@${NOWHERE}/legacy` }),
    code: 3,
    says: ["LEGACY_URL", NOWHERE, "cannot be reached", "check host, port and database"],
  },
  {
    what: "the target server is away",
    env: (right) => ({ ...right, TARGET_URL: `postgres://u:${PASSWORD}@${NOWHERE}/target` }),
    code: 3,
    says: ["TARGET_URL", NOWHERE, "cannot be reached"],
  },
  {
    what: "Redis is away",
    env: (right) => ({ ...right, QUEUE_URL: `redis://u:${PASSWORD}@${NOWHERE}` }),
    code: 3,
    says: ["QUEUE_URL", NOWHERE, "is it running"],
  },
  {
    what: "the queue's Redis has no database of that number",
    env: (right) => ({ ...right, QUEUE_URL: withName(right["QUEUE_URL"], "1000") }),
    code: 2,
    says: ["QUEUE_URL", "has no such database"],
  },
  {
    what: "the queue's database of Redis is a word",
    env: (right) => ({ ...right, QUEUE_URL: withName(right["QUEUE_URL"], "abc") }),
    code: 2,
    says: ["QUEUE_URL names a database of Redis that is no number"],
  },
  {
    what: "the queue's password is wrong",
    env: (right) => ({ ...right, QUEUE_URL: withUser(right["QUEUE_URL"], "nobody") }),
    code: 2,
    says: ["QUEUE_URL", "refuses the password", "WRONGPASS"],
  },
  {
    what: "a server has no TLS that must have it",
    env: (right) => ({ ...right, TARGET_URL: `${right["TARGET_URL"]}?sslmode=require` }),
    code: 2,
    says: ["TARGET_URL", "the server speaks no TLS"],
  },
  {
    what: "the queue's PostgreSQL is away",
    env: (right) => ({ ...right, QUEUE_URL: `postgres://u:${PASSWORD}@${NOWHERE}/queue` }),
    code: 3,
    says: ["QUEUE_URL", NOWHERE, "is it running"],
  },
  {
    what: "the legacy database does not exist",
    env: (right) => ({ ...right, LEGACY_URL: withName(right["LEGACY_URL"], "nowhere") }),
    code: 3,
    says: ["LEGACY_URL", "/nowhere", "3D000"],
  },
  {
    what: "the target database does not exist",
    env: (right) => ({ ...right, TARGET_URL: withName(right["TARGET_URL"], "nowhere") }),
    code: 3,
    says: ["TARGET_URL", "/nowhere", "3D000"],
  },
  {
    what: "there is no such user",
    env: (right) => ({ ...right, LEGACY_URL: withUser(right["LEGACY_URL"], "nobody") }),
    code: 2,
    says: ["LEGACY_URL", "the server refuses this user", "28000"],
  },
  {
    what: "the legacy role may not read one table",
    env: (right) => ({ ...right, LEGACY_URL: withUser(right["LEGACY_URL"], "half_reader") }),
    code: 2,
    says: ['run "grant select on public.dispatch_patient to half_reader"'],
  },
  {
    what: "the source is not the legacy application's",
    env: (right) => ({ ...right, LEGACY_URL: right["EMPTY_URL"] ?? "" }),
    code: 2,
    says: ["LEGACY_URL", "tables missing: ", "auth_user", "dispatch_project"],
  },
  {
    what: "the source lacks a table",
    env: (right) => ({ ...right, LEGACY_URL: right["LACKING_URL"] ?? "" }),
    code: 2,
    says: ["tables missing: dispatch_state"],
  },
  {
    what: "the target is not migrated",
    env: (right) => ({ ...right, TARGET_URL: right["EMPTY_URL"] ?? "" }),
    code: 2,
    says: ["TARGET_URL", "not migrated", "run `npm run nexus migrate`"],
  },
];

/** For the API, which needs no legacy database and answers 503 while the target is away or not migrated. */
export const WRONG_FOR_API: readonly Wrong[] = [
  {
    what: "nothing is set",
    env: () => ({}),
    code: 2,
    says: ["TARGET_URL is missing", "QUEUE_URL is missing"],
  },
  {
    what: "everything is wrong at once",
    env: () => ({
      TARGET_URL: `postgres://u:${PASSWORD}@pooler.example:6543/postgres`,
      QUEUE_URL: `http://u:${PASSWORD}@h`,
      API_PORT: "many",
      API_HSOT: "::",
    }),
    code: 2,
    says: [
      "TARGET_URL uses port 6543",
      "QUEUE_URL must be",
      "API_PORT must be",
      "did you mean API_HOST?",
    ],
  },
  {
    what: "the file with codes is not there",
    env: ({ TARGET_URL = "", QUEUE_URL = "" }) => ({
      TARGET_URL,
      QUEUE_URL,
      CODES_FILE: "/nowhere.json",
    }),
    code: 2,
    says: ["CODES_FILE"],
  },
  {
    what: "Redis is away",
    env: ({ TARGET_URL = "" }) => ({ TARGET_URL, QUEUE_URL: `redis://u:${PASSWORD}@${NOWHERE}` }),
    code: 3,
    says: ["QUEUE_URL", NOWHERE, "is it running"],
  },
];

function withName(url = "", name = ""): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function withUser(url = "", user = ""): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = PASSWORD;
  return changed.href;
}
