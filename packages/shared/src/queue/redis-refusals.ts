/** What a Redis says when it does not do what it is asked, and what is to be done. https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
import { ConfigurationError, type StartFailure, UnavailableError } from "../config/failure.ts";

/** `stays`: as it is configured, it will never do it. `passes`: it may do it a moment later. */
type Lasts = "stays" | "passes";

/** The first that is found in the answer. Scripts put the server's word into the middle of theirs. */
const REFUSALS: readonly (readonly [word: RegExp, lasts: Lasts, says: string])[] = [
  [/\bREADONLY\b/, "stays", "is a replica, which takes no writes: point to the primary"],
  [
    /\bWRONGPASS\b|invalid (username-)?password/,
    "stays",
    "refuses the password: correct user and password",
  ],
  [
    /\bNOAUTH\b|without any password|no password is set/,
    "stays",
    "wants a password: write redis://user:password@host:6379",
  ],
  [
    /\bNOPERM\b|can't run this command|ACL failure/,
    "stays",
    "lets this user not do what a queue needs: give it the commands of BullMQ (+@all -@admin, or more) on the keys of QUEUE_PREFIX",
  ],
  [
    /\b(CROSSSLOT|MOVED|ASK|CLUSTERDOWN|TRYAGAIN)\b|in cluster mode/,
    "stays",
    "is a cluster, which the queue does not work on: point to a Redis with cluster mode off",
  ],
  [
    /DB index|invalid DB/,
    "stays",
    "has no such database: end QUEUE_URL with a number below its `databases`, or with /0",
  ],
  [
    /unknown (redis )?command/i,
    "stays",
    "does not know a command that a queue needs: take its rename-command out of redis.conf, or use a server that has it",
  ],
  [
    /max number of clients/,
    "passes",
    "has no connection left: raise maxclients, or see with CLIENT LIST who holds them",
  ],
  [/\bLOADING\b/, "passes", "is still loading its data: wait for it"],
  [
    /\bMISCONF\b/,
    "passes",
    "takes no writes, as it cannot save to its disk: see its log, and mend its disk",
  ],
  [
    /\bOOM\b/,
    "passes",
    "takes no writes, as its memory is full: raise maxmemory, or find what fills it",
  ],
  [
    /\bNOREPLICAS\b/,
    "passes",
    "takes no writes, as too few of its replicas are connected: see min-replicas-to-write",
  ],
  [/\bMASTERDOWN\b/, "passes", "is a replica without its primary: point to the primary"],
  [/\bBUSY\b/, "passes", "is busy with a script of somebody else: see SCRIPT KILL"],
];

const ANSWERS_OTHERWISE = /Unknown RESP type|Protocol error/;

/** Whether the server answered, and refused: by the words above, which are of the server and not of the command. */
export function isRefusal(error: Error): boolean {
  return REFUSALS.some(([word]) => word.test(error.message));
}

/** The error of a start that names what to do; undefined where the server gave no such answer. `place`: for people. */
export function refusalAtStart(place: string, cause: Error): StartFailure | undefined {
  if (ANSWERS_OTHERWISE.test(cause.message))
    return new ConfigurationError(`${place} is no Redis: correct host and port`, { cause });
  const found = REFUSALS.find(([word]) => word.test(cause.message));
  if (found === undefined) return undefined;
  const [, lasts, says] = found;
  const message = `${place} ${says}${answerOf(cause)}`;
  return lasts === "stays"
    ? new ConfigurationError(message, { cause })
    : new UnavailableError(message, { cause });
}

/** The error of a start for an answer that stands nowhere above: whoever answers is there. Undefined where nobody answered. */
export function unknownRefusal(place: string, cause: Error): StartFailure | undefined {
  if (cause.name !== "ReplyError") return undefined;
  const says = `refuses what a queue needs${answerOf(cause)}: its log may say more`;
  return new UnavailableError(`${place} ${says}`, { cause });
}

/** The code that the server gave, and the commands that it names. Nothing else: it may quote what it was sent, a password. */
function answerOf({ message }: Error): string {
  const code = /\b[A-Z]{3,}\b/.exec(message)?.[0];
  const commands =
    /unknown command [`']([\w, ]+)[`']/.exec(message)?.[1] ??
    /the '([\w|, ]+)' command/.exec(message)?.[1];
  const known = [code === "ERR" ? undefined : code, commands].filter((one) => one !== undefined);
  return known.length === 0 ? "" : ` (${known.join(": ")})`;
}
