/** The variables of the databases, alike for every service but for how many connections it takes. */
import type { Config } from "./parse.ts";
import {
  choice,
  databaseUrl,
  encoding,
  number,
  optionalNumber,
  optionalText,
  timezone,
} from "./variables.ts";

/** Where the target is. */
export const targetUrl = databaseUrl({
  meaning: "the target database; direct connection or session mode",
});

/** Where the source is. */
export const legacyUrl = databaseUrl({ meaning: "the legacy database, read only" });

/** A file instead of a variable: a password that is rotated needs no restart. */
function urlFile(name: string) {
  return optionalText({
    meaning: `a file that holds ${name}, used instead of it; it is read again for each new connection, so that a password can be rotated`,
  });
}

/** Connections that a process of each service takes if it is told nothing. */
export const CONNECTIONS = {
  legacy: { extractor: 1, loader: 2 },
  target: { extractor: 2, loader: 4, embedder: 6, api: 4 },
} as const;

/** Connections beside its pool that an extractor takes to each server while it carries out a proof. */
export const PROOF_CONNECTIONS = 2;

/** Connections that one of each service may open, a proof among them; `pool`: LEGACY_POOL or TARGET_POOL, where it is set for all of them. */
export function connectionsNeeded(
  server: keyof typeof CONNECTIONS,
  pool: number | undefined,
): number {
  const pools = Object.values(CONNECTIONS[server]).map((usual) => pool ?? usual);
  return pools.reduce((sum, connections) => sum + connections, PROOF_CONNECTIONS);
}

/** `connections`: the default number for a process, and the fewest that it can work with. */
interface Connections {
  readonly connections: number;
  readonly least?: number;
}

/** What must be known of the source that its catalog does not tell. */
export const sourceVariables = {
  LEGACY_TIMEZONE: timezone({
    meaning:
      "the time zone of legacy times that are stored without one, like US/Pacific; absent: the server's setting; the extractor's value is kept with each run",
  }),
  LEGACY_ENCODING: encoding({
    meaning:
      "the real encoding of the legacy database's text, where the server names none or a wrong one: windows-1252, iso-8859-15, shift_jis and so on; absent: what the server says",
    danger: "a wrong one silently turns letters into other letters",
  }),
  LEGACY_ROW_SECURITY: choice(["refuse", "accept"], {
    meaning:
      "what to do where row level security hides rows of the legacy database from the role: refuse to start, or accept that only the visible rows are migrated",
    fallback: "refuse",
    danger: "with accept, hidden rows are missing in the target and are not counted",
  }),
};

/** What those variables say; each may be left out. */
export type SourceRules = Partial<Config<typeof sourceVariables>>;

export type TargetSettings = Config<ReturnType<typeof targetVariables>>;
export type LegacySettings = Config<ReturnType<typeof legacyVariables>>;

/** Nothing is refused for it: an alert compares. */
function budgetOf(server: string) {
  return optionalNumber(1, 10_000, {
    meaning: `connections that the ${server} gives to all services together; absent: nobody is alerted when their pools may open more`,
  });
}

/** The variables of who writes to the target. */
export function targetVariables({ connections, least = 1 }: Connections) {
  return {
    TARGET_URL: targetUrl,
    TARGET_URL_FILE: urlFile("TARGET_URL"),
    TARGET_POOL: number(least, 50, {
      meaning: "connections to the target, at most",
      fallback: String(connections),
      danger: "replicas × pool must stay under the target's connection limit",
    }),
    TARGET_CONNECTIONS: budgetOf("target"),
  };
}

/** The variables of services that read the legacy database. */
export function legacyVariables({ connections, least = 1 }: Connections) {
  return {
    LEGACY_URL: legacyUrl,
    LEGACY_URL_FILE: urlFile("LEGACY_URL"),
    LEGACY_POOL: number(least, 50, {
      meaning: "connections to the legacy database, at most",
      fallback: String(connections),
      danger: "the legacy database is live and must bear replicas × pool connections",
    }),
    LEGACY_CONNECTIONS: budgetOf("legacy database"),
    LEGACY_STATEMENT_MS: number(100, 600_000, {
      meaning: "milliseconds after which the legacy server ends a statement",
      fallback: "60000",
    }),
    ...sourceVariables,
    LEGACY_UNREADABLE_TEXT: choice(["reject", "repair"], {
      meaning:
        "what is done with a legacy row whose text is invalid in its encoding: it is rejected as unreadable_text, or loaded with U+FFFD in the place of invalid characters and the note text_repaired",
      fallback: "reject",
    }),
  };
}
