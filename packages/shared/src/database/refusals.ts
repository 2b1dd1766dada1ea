/** What a server, or the way to it, refuses: in words, and what to do about it. */
import { errorCode, foreignServerAway, noConnectionLeft, OF_ABSENCE } from "./failures.ts";

/** Completes a sentence that begins with the server: "the target's disk is full". */
export interface Refusal {
  readonly says: string;
  readonly next: string;
}

/** The code of what keeps no batch waiting that reads no such table. */
export const FOREIGN_SERVER_AWAY = /^foreign_server_away$/;

/** By SQLSTATE or Node's code, first match. `its` stands for the server with an s. */
const REFUSALS: readonly (readonly [RegExp, string, string])[] = [
  [/^53100$/, "its disk is full", "free space there"],
  [/^53200$/, "it is out of memory", "look at what else uses it, or lower BATCH_ROWS"],
  [
    /^53400$/,
    "a statement met a limit of its configuration (temp_file_limit)",
    "raise it for the role (`alter role … set temp_file_limit`, as a superuser), or lower BATCH_ROWS",
  ],
  [
    /^53300$/,
    "it has no connection left for us: the limit of the role, the database, the server or a pooler is reached",
    "raise it, or lower LEGACY_POOL or TARGET_POOL and the replicas",
  ],
  [
    /^no_connection_left$/, // Of pgcat these are one message: a server that gives none is as good as down to it.
    "it has no connection left for us: the limit of a pooler is reached, or the pooler's servers are down",
    "raise it, or lower LEGACY_POOL or TARGET_POOL and the replicas; look at the servers behind the pooler",
  ],
  [
    FOREIGN_SERVER_AWAY,
    "it cannot reach the server of a foreign table",
    "`nexus preflight` names the table and its server: start that one",
  ],
  [/^(28P01|no_password)$/, "it refuses user and password", "correct user and password"],
  [/^28/, "it refuses this login", "correct user and password, or its pg_hba.conf"],
  [/^3D000$/, "it has no such database", "correct the database's name"],
  [/^57P03$/, "it is starting up or shutting down", "wait for it; its log says more"],
  [
    /^57P05$/,
    "it ended a session that idled (idle_session_timeout)",
    "`alter role … set idle_session_timeout = 0`, or for the database; ours set it so when they connect, unless a pooler withholds that",
  ],
  [/^57P/, "it was shut down", "start it"],
  [
    /^(25006|0A000)$/,
    "it only reads: it is a standby, or became one",
    "point to the server that writes",
  ],
  [/^55P03$/, "it gives a lock to somebody else", "`nexus doctor` names the session that holds it"],
  [
    OF_ABSENCE,
    "it lacks a table, a column or a schema that it had when the run began",
    "bring it back, or cancel the run and start another (`nexus preflight` says what is missing)",
  ],
  [/^58/, "its disk fails", "look at the server's log"],
  [
    /^ECONNREFUSED$/,
    "nobody listens there",
    "check host, port and database, and that the server runs",
  ],
  [
    /^ENOENT$/,
    "there is no socket of a server",
    "correct the folder and the port, and see that the server runs",
  ],
  [
    /^E(HOST|NET)UNREACH$/,
    "there is no route to it",
    "look at the network, its policies and firewalls",
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN)$/,
    "its name cannot be resolved",
    "correct the host, or look at the name server",
  ],
  [
    /^(ETIMEDOUT|SESSION_SILENT|connect_timeout)$/,
    "it does not answer in time",
    "look at the network, its firewalls, and the server's load",
  ],
  [/^E[MN]FILE$/, "this process may open no more files", "raise its limit of open files"],
  [
    /^EADDR/,
    "this machine has no port left to connect from",
    "look at what else connects from here",
  ],
  [
    /^(ECONNRESET|ECONNABORTED|EPIPE|connection_lost|08)/,
    "connections to it break",
    "look at the network and its log",
  ],
];

/** Words for the code of a refusal. */
export function refusalInWords(code: string): Refusal {
  const found = REFUSALS.find(([pattern]) => pattern.test(code));
  return found === undefined
    ? { says: "it cannot be used", next: "its log and ours say more" }
    : { says: found[1], next: found[2] };
}

const WITHOUT_CODE: readonly (readonly [RegExp, string])[] = [
  [/timeout/i, "connect_timeout"],
  [/^sasl/i, "no_password"],
  [/./, "connection_lost"],
];

/** A code for every trouble with a connection: node-postgres has none for some, and poolers one for all. */
export function refusalCode(error: unknown): string {
  if (foreignServerAway(error)) return "foreign_server_away";
  const code = errorCode(error);
  if (code !== "53300" && noConnectionLeft(error)) return "no_connection_left";
  if (code !== undefined || !(error instanceof Error)) return code ?? "unknown";
  return WITHOUT_CODE.find(([pattern]) => pattern.test(error.message))?.[1] ?? "unknown";
}
